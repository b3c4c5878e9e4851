//! What handles stand for, on either side.

use tuyau_wire::{Announcement, Binding, Class, Level, Message, Target};

use super::{EDGES, Expect, Vector, groups, keys, vector, with_expect};

pub fn vectors() -> Vec<Vector> {
    [binds(), unbinds(), announcements()].concat()
}

fn bind(
    sequence: u64,
    handle: u64,
    target: Target,
    class: Class,
    level: Level,
) -> Message<'static> {
    let binding = Binding {
        target,
        class,
        level,
        ttl: 0,
    };
    Message::Bind {
        sequence,
        handle,
        binding,
    }
}

fn with_ttl(mut message: Message<'static>, milliseconds: u64) -> Message<'static> {
    if let Message::Bind { binding, .. } = &mut message {
        binding.ttl = milliseconds;
    }
    message
}

fn binds() -> Vec<Vector> {
    let bob = || Target::Identity(keys::bob().identity());
    let group = |grant: Option<_>| Target::Group {
        group: keys::group().identity(),
        grant: grant.map(Box::new),
    };
    let (fast, durable, request) = (Class::Fast, Class::Durable, Class::Request);
    let largest = bind(
        u64::MAX,
        u64::MAX,
        group(Some(groups::largest_grant())),
        durable,
        Level::Delivered,
    );
    vec![
        vector(
            "bind-fast",
            "fast messages for bob, accepted",
            &bind(1, 0, bob(), fast, Level::Accepted),
        ),
        vector(
            "bind-fast-none",
            "fast messages without receipts",
            &bind(1, 1, bob(), fast, Level::None),
        ),
        vector(
            "bind-fast-delivered",
            "fast messages up to the acknowledgement",
            &bind(1, 2, bob(), fast, Level::Delivered),
        ),
        vector(
            "bind-durable",
            "durable messages for an hour",
            &with_ttl(bind(2, 3, bob(), durable, Level::Stored), 3_600_000),
        ),
        vector(
            "bind-request",
            "requests with a deadline of two seconds",
            &with_ttl(bind(3, 4, bob(), request, Level::None), 2_000),
        ),
        vector(
            "bind-group",
            "an open group",
            &bind(4, 5, group(None), fast, Level::Accepted),
        ),
        vector(
            "bind-group-grant",
            "a restricted group",
            &bind(
                5,
                6,
                group(Some(groups::grant())),
                durable,
                Level::Delivered,
            ),
        ),
        with_expect(
            "bind-group-forged-grant",
            "a grant that the group did not sign",
            &bind(
                5,
                6,
                group(Some(groups::forged_grant())),
                durable,
                Level::Stored,
            ),
            Expect::BadSignature,
        ),
        vector(
            "bind-largest",
            "everything at its bound",
            &with_ttl(largest, u64::MAX),
        ),
    ]
}

fn unbinds() -> Vec<Vector> {
    EDGES
        .into_iter()
        .map(|handle| {
            let (name, title) = (format!("unbind-{handle}"), format!("handle {handle}"));
            vector(&name, &title, &Message::Unbind { handle })
        })
        .collect()
}

fn announcements() -> Vec<Vector> {
    let plain = Announcement {
        identity: keys::alice().identity(),
        epoch: 0,
        group: None,
        class: Class::Fast,
        acknowledge: false,
        ttl: 0,
    };
    let announce = |name: &str, title: &str, handle, announcement| {
        let message = Message::Announce {
            handle,
            announcement,
        };
        vector(name, title, &message)
    };
    let group = Some(keys::group().identity());
    let durable = Announcement {
        epoch: 1_800_000_000_000,
        class: Class::Durable,
        acknowledge: true,
        ..plain
    };
    let request = Announcement {
        class: Class::Request,
        ttl: 30_000,
        ..plain
    };
    let largest = Announcement {
        epoch: u64::MAX,
        group,
        ttl: u64::MAX,
        ..durable
    };
    vec![
        announce("announce-fast", "fast messages of alice", 0, plain),
        announce(
            "announce-durable",
            "durable ones, to be acknowledged",
            1,
            durable,
        ),
        announce("announce-request", "requests, to be replied to", 2, request),
        announce(
            "announce-group",
            "what alice publishes to a group",
            1_000,
            Announcement { group, ..plain },
        ),
        announce(
            "announce-largest",
            "everything at its bound",
            u64::MAX,
            largest,
        ),
    ]
}
