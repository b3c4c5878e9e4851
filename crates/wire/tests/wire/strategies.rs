//! Any message, as a strategy.

use proptest::prelude::*;
use tuyau_core::Address;
use tuyau_wire::{
    Announcement, Binding, Class, Grant, Hello, Identity, Level, Message, Parameter, Record,
    RejectCode, Rights, Role, Rules, SecretKey, Signed, Target, Withdrawal,
};

pub(crate) fn key() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>().prop_map(SecretKey::from_seed)
}

fn identity() -> impl Strategy<Value = Identity> {
    key().prop_map(|key| key.identity())
}

fn hello() -> impl Strategy<Value = Hello> {
    let capabilities = prop::collection::vec("[!-~]{1,64}", 0..=32);
    let parameters = prop::collection::vec(
        (prop::sample::select(&Parameter::ALL[..]), any::<u64>()),
        0..9,
    );
    let (agent, max_frame) = ("[ -~]{1,128}", 4_096..=u64::MAX);
    let all = (any::<bool>(), agent, capabilities, max_frame, parameters);
    all.prop_map(|(router, agent, names, max_frame, parameters)| {
        let role = if router { Role::Router } else { Role::Service };
        let mut hello = Hello::new(role, &agent)
            .and_then(|hello| hello.with_max_frame(max_frame))
            .unwrap();
        for name in names {
            hello = hello.with_capability(&name).unwrap();
        }
        for (parameter, value) in parameters {
            hello = hello.with_parameter(parameter, value).unwrap();
        }
        hello
    })
}

fn routes(least: usize) -> impl Strategy<Value = Vec<Address>> {
    let route = prop_oneof![
        (any::<std::net::Ipv4Addr>(), any::<u16>())
            .prop_map(|(ip, port)| format!("tls://{ip}:{port}")),
        (any::<std::net::Ipv6Addr>(), any::<u16>())
            .prop_map(|(ip, port)| format!("tcp://[{ip}]:{port}")),
        "unix:///[a-z]{1,200}",
        "mem://[a-z]{1,60}",
    ];
    prop::collection::vec(route.prop_map(|route| route.parse().unwrap()), least..=8)
}

pub(crate) fn record() -> impl Strategy<Value = Signed<Record>> {
    let all = (key(), any::<u64>(), routes(1), any::<u64>());
    all.prop_map(|(key, sequence, routes, expires)| {
        let record = Record {
            identity: key.identity(),
            sequence,
            routes,
            expires,
        };
        Signed::sign(&key, record).unwrap()
    })
}

fn withdrawal() -> impl Strategy<Value = Signed<Withdrawal>> {
    (key(), any::<u64>()).prop_map(|(key, sequence)| {
        let withdrawal = Withdrawal {
            identity: key.identity(),
            sequence,
        };
        Signed::sign(&key, withdrawal).unwrap()
    })
}

fn rules() -> impl Strategy<Value = Signed<Rules>> {
    let all = (
        key(),
        any::<u64>(),
        any::<bool>(),
        any::<bool>(),
        any::<u64>(),
    );
    all.prop_map(
        |(key, sequence, join_restricted, publish_restricted, grants_from)| {
            let rules = Rules {
                group: key.identity(),
                sequence,
                join_restricted,
                publish_restricted,
                grants_from,
            };
            Signed::sign(&key, rules).unwrap()
        },
    )
}

fn grant() -> impl Strategy<Value = Signed<Grant>> {
    let rights = prop::sample::select(&[Rights::Join, Rights::Publish, Rights::JoinAndPublish][..]);
    let all = (key(), identity(), any::<u64>(), rights, any::<u64>());
    all.prop_map(|(key, identity, sequence, rights, expires)| {
        let grant = Grant {
            group: key.identity(),
            identity,
            sequence,
            rights,
            expires,
        };
        Signed::sign(&key, grant).unwrap()
    })
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(Class::ALL)
}

fn binding() -> impl Strategy<Value = Binding> {
    let group = (identity(), prop::option::of(grant())).prop_map(|(group, grant)| Target::Group {
        group,
        grant: grant.map(Box::new),
    });
    let target = prop_oneof![identity().prop_map(Target::Identity), group];
    let all = (
        target,
        class(),
        prop::sample::select(Level::ALL),
        any::<u64>(),
    );
    all.prop_map(|(target, class, level, ttl)| Binding {
        target,
        class,
        level,
        ttl,
    })
}

fn announcement() -> impl Strategy<Value = Announcement> {
    let group = prop::option::of(identity());
    let all = (
        identity(),
        any::<u64>(),
        group,
        class(),
        any::<bool>(),
        any::<u64>(),
    );
    all.prop_map(
        |(identity, epoch, group, class, acknowledge, ttl)| Announcement {
            identity,
            epoch,
            group,
            class,
            acknowledge,
            ttl,
        },
    )
}

fn range() -> impl Strategy<Value = (u64, u64)> {
    (any::<u64>(), any::<u64>()).prop_map(|(one, other)| (one.min(other), one.max(other)))
}

/// Every kind of message; what is borrowed is given separately.
pub(crate) fn message<'a>(body: &'a [u8], text: &'a str) -> BoxedStrategy<Message<'a>>
where
    'a: 'static,
{
    prop_oneof![
        statements(),
        handles(),
        bodies(body),
        answers(text),
        groups(),
        upkeep()
    ]
    .boxed()
}

fn number() -> impl Strategy<Value = u64> {
    // Of all numbers nearly every one has nine bytes; these have every width.
    (any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift)
}

fn statements() -> BoxedStrategy<Message<'static>> {
    prop_oneof![
        hello().prop_map(Message::Hello),
        (number(), record()).prop_map(|(sequence, record)| Message::Listen { sequence, record }),
        (number(), withdrawal()).prop_map(|(sequence, withdrawal)| Message::Unlisten {
            sequence,
            withdrawal
        }),
        (number(), identity())
            .prop_map(|(sequence, identity)| Message::Lookup { sequence, identity }),
        (number(), record()).prop_map(|(sequence, record)| Message::Found { sequence, record }),
    ]
    .boxed()
}

fn handles() -> BoxedStrategy<Message<'static>> {
    prop_oneof![
        (number(), number(), binding()).prop_map(|(sequence, handle, binding)| Message::Bind {
            sequence,
            handle,
            binding
        }),
        number().prop_map(|handle| Message::Unbind { handle }),
        (number(), announcement()).prop_map(|(handle, announcement)| Message::Announce {
            handle,
            announcement
        }),
        (number(), number()).prop_map(|(handle, limit)| Message::Credit { handle, limit }),
    ]
    .boxed()
}

fn bodies<'a>(body: &'a [u8]) -> BoxedStrategy<Message<'a>>
where
    'a: 'static,
{
    (0..5, number(), number())
        .prop_map(move |(kind, handle, sequence)| match kind {
            0 => Message::Send {
                handle,
                sequence,
                body,
            },
            1 => Message::Deliver {
                handle,
                sequence,
                body,
            },
            2 => Message::Redeliver {
                handle,
                sequence,
                body,
            },
            3 => Message::Reply {
                handle,
                sequence,
                body,
            },
            _ => Message::Replied { sequence, body },
        })
        .boxed()
}

fn answers<'a>(text: &'a str) -> BoxedStrategy<Message<'a>>
where
    'a: 'static,
{
    let reached = prop::sample::select(&Level::ALL[1..]);
    prop_oneof![
        (number(), range()).prop_map(|(handle, (first, last))| Message::Acknowledge {
            handle,
            first,
            last
        }),
        (number(), range()).prop_map(|(handle, (first, last))| Message::Missed {
            handle,
            first,
            last
        }),
        (reached, range()).prop_map(|(level, (first, last))| Message::Receipt {
            level,
            first,
            last
        }),
        (any::<Option<u64>>(), any::<u64>()).prop_map(move |(sequence, code)| Message::Reject {
            sequence,
            code: RejectCode::from_u64(code),
            text,
        }),
    ]
    .boxed()
}

fn groups() -> BoxedStrategy<Message<'static>> {
    prop_oneof![
        (
            number(),
            identity(),
            any::<bool>(),
            prop::option::of(grant())
        )
            .prop_map(|(sequence, group, durable, grant)| Message::Join {
                sequence,
                group,
                durable,
                grant
            }),
        (number(), identity()).prop_map(|(sequence, group)| Message::Leave { sequence, group }),
        (number(), rules()).prop_map(|(sequence, rules)| Message::Declare { sequence, rules }),
    ]
    .boxed()
}

fn upkeep() -> BoxedStrategy<Message<'static>> {
    prop_oneof![
        number().prop_map(|token| Message::Ping { token }),
        number().prop_map(|token| Message::Pong { token }),
        (number(), routes(0)).prop_map(|(milliseconds, routes)| Message::Drain {
            milliseconds,
            routes
        }),
    ]
    .boxed()
}
