mod dials;
mod lookup;

use super::*;
use tuyau_core::Origin;
use tuyau_wire::{Record, SecretKey, Signed, Withdrawal, frame};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn identity(seed: u8) -> Identity {
    key(seed).identity()
}

/// An engine, and what its driver would do.
struct World {
    engine: Engine,
    sent: Vec<(SessionId, Vec<u8>)>,
    closed: Vec<(SessionId, String)>,
    dialled: Vec<(DialId, Identity, Vec<Address>)>,
    told: Vec<Event>,
    full: bool,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Rules {
            identity: identity(100),
            hello: Hello::new(Role::Router, "test").unwrap(),
            greeting: None,
            max_lifetime: Duration::from_secs(3600),
            max_entries: 10,
            max_dials: 2,
            max_waiting_bytes: 10_000,
            idle: Duration::from_secs(60),
            retry: Duration::from_secs(1),
        };
        change(&mut rules);
        Self {
            engine: Engine::new(rules, State::default()),
            sent: vec![],
            closed: vec![],
            dialled: vec![],
            told: vec![],
            full: false,
        }
    }

    fn perform(&mut self) {
        loop {
            let actions = self.engine.take_actions();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::Send { session, frame } => self.sent.push((session, frame)),
                    Action::Deliver {
                        session,
                        frame,
                        receipt,
                    } => {
                        if !self.full {
                            self.sent.push((session, frame));
                        }
                        match receipt {
                            Some(receipt) if self.full => self.engine.congested(receipt),
                            Some(receipt) => self.engine.delivered(receipt),
                            None => {}
                        }
                    }
                    Action::Close { session, reason } => self.closed.push((session, reason)),
                    Action::Dial {
                        id,
                        identity,
                        routes,
                    } => {
                        self.dialled.push((id, identity, routes));
                    }
                    Action::Tell(event) => self.told.push(event),
                }
            }
        }
    }

    fn open(&mut self, session: u64, seed: u8) -> SessionId {
        let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
        self.open_link(session, seed, Link::Accepted { origin })
    }

    fn open_link(&mut self, session: u64, seed: u8, link: Link) -> SessionId {
        let session = SessionId(session);
        self.engine.opened(session, identity(seed), link, NOW);
        self.say(
            session,
            &Message::Hello(Hello::new(Role::Service, "test").unwrap()),
        );
        self.sent.clear();
        session
    }

    fn say(&mut self, session: SessionId, message: &Message<'_>) {
        self.say_bytes(session, &message.encode());
    }

    fn say_bytes(&mut self, session: SessionId, message: &[u8]) {
        self.engine.received(session, message, NOW);
        self.perform();
    }

    /// Registers, and gives the code of the refusal, if it was one.
    fn listen(
        &mut self,
        session: SessionId,
        request: u64,
        record: Signed<Record>,
    ) -> Option<RejectCode> {
        self.sent.clear();
        self.say(session, &Message::Listen { request, record });
        self.answer(session, request)
    }

    fn answer(&self, session: SessionId, expected: u64) -> Option<RejectCode> {
        let answers = self.sent.iter().filter(|(to, _)| *to == session);
        for (_, bytes) in answers {
            let frame = frame::split(bytes, 1 << 20).unwrap().unwrap();
            match Message::decode(frame.message).unwrap() {
                Message::Accept { request } if request == expected => return None,
                Message::Reject {
                    request: Some(request),
                    code,
                    ..
                } if request == expected => {
                    return Some(code);
                }
                _ => {}
            }
        }
        panic!("no answer to request {expected}");
    }

    /// The bodies that were delivered to a session, with their senders.
    fn delivered(&self, session: SessionId) -> Vec<(Identity, Vec<u8>)> {
        let to = self.sent.iter().filter(|(to, _)| *to == session);
        to.filter_map(|(_, bytes)| {
            let frame = frame::split(bytes, 1 << 20).unwrap().unwrap();
            match Message::decode(frame.message).unwrap() {
                Message::Deliver { from, body, .. } => Some((from, body.to_vec())),
                _ => None,
            }
        })
        .collect()
    }
}

fn record(seed: u8, sequence: u64, route: &str) -> Signed<Record> {
    let expires = NOW.seconds() + 600;
    let routes = vec![route.parse().unwrap()];
    let record = Record {
        identity: identity(seed),
        sequence,
        routes,
        expires,
    };
    Signed::sign(&key(seed), record).unwrap()
}

#[test]
fn registers_what_the_session_proved() {
    let mut world = World::new();
    let session = world.open(1, 1);
    assert_eq!(
        world.listen(session, 1, record(1, 1, "tls://192.0.2.1:1")),
        None
    );
    assert_eq!(world.engine.state().table.len(), 1);
    assert_eq!(world.engine.state().processed, 1);
    assert!(world.engine.take_changed());
}

#[test]
fn refuses_bad_records_and_changes_nothing() {
    let mut world = World::new();
    let session = world.open(1, 1);
    assert_eq!(
        world.listen(session, 1, record(1, 5, "tls://192.0.2.1:1")),
        None
    );
    let before = world.engine.state().clone();
    let forged = Signed::from_parts(record(1, 9, "tls://192.0.2.1:1").bytes(), [7; 64]).unwrap();
    let expiring = |expires| {
        let routes = vec!["tls://192.0.2.1:1".parse().unwrap()];
        let record = Record {
            identity: identity(1),
            sequence: 9,
            routes,
            expires,
        };
        Signed::sign(&key(1), record).unwrap()
    };
    let now = NOW.seconds();
    let cases = [
        (record(2, 9, "tls://192.0.2.1:1"), RejectCode::WrongIdentity),
        (forged, RejectCode::BadSignature),
        (record(1, 4, "tls://192.0.2.1:1"), RejectCode::StaleSequence),
        (record(1, 5, "tls://192.0.2.1:2"), RejectCode::StaleSequence),
        (expiring(now), RejectCode::Expired),
        (expiring(0), RejectCode::Expired),
        (expiring(now + 3601), RejectCode::Expired),
        (
            record(1, 9, "tcp://192.0.2.1:1"),
            RejectCode::RouteNotAllowed,
        ),
        (record(1, 9, "unix:///run/x"), RejectCode::RouteNotAllowed),
        (record(1, 9, "tls://192.0.2.1"), RejectCode::RouteNotAllowed),
        (
            record(1, 9, "tls://192.0.2.1:0"),
            RejectCode::RouteNotAllowed,
        ),
        (record(1, 9, "tls://0.0.0.0:1"), RejectCode::RouteNotAllowed),
    ];
    for (request, (record, code)) in (2..).zip(cases) {
        assert_eq!(
            world.listen(session, request, record),
            Some(code),
            "request {request}"
        );
    }
    assert_eq!(world.engine.state(), &before);
    assert!(world.closed.is_empty());
}

#[test]
fn refuses_loopback_routes_of_peers_from_elsewhere() {
    let mut world = World::new();
    let origin = Origin::Ip("192.0.2.9:1".parse().unwrap());
    let session = world.open_link(1, 1, Link::Accepted { origin });
    let routes = [
        "tls://127.0.0.1:1",
        "tls://[::1]:1",
        "tls://[::ffff:127.0.0.1]:1",
        "tls://localhost:1",
    ];
    for (request, route) in (1..).zip(routes) {
        let answer = world.listen(session, request, record(1, request, route));
        assert_eq!(answer, Some(RejectCode::RouteNotAllowed), "{route}");
    }
    assert_eq!(
        world.listen(session, 9, record(1, 9, "tls://192.0.2.9:1")),
        None
    );
}

#[test]
fn refuses_a_route_that_does_not_parse_and_keeps_the_session() {
    let mut world = World::new();
    let session = world.open(1, 1);
    let good = Message::Listen {
        request: 3,
        record: record(1, 1, "tls://192.0.2.1:1"),
    }
    .encode();
    let at = good
        .windows(6)
        .position(|window| window == b"tls://")
        .unwrap();
    let mut bad = good.clone();
    bad[at + 3] = b'_';
    world.say_bytes(session, &bad);
    assert_eq!(world.answer(session, 3), Some(RejectCode::BadRoute));
    assert!(world.closed.is_empty());
    assert_eq!(world.engine.state(), &State::default());
}

#[test]
fn ends_sessions_that_break_the_protocol() {
    let hello = Message::Hello(Hello::new(Role::Service, "test").unwrap()).encode();
    let send = Message::Send {
        request: 1,
        to: identity(100),
        body: b"",
    }
    .encode();
    let deliver = Message::Deliver {
        from: identity(1),
        request: 1,
        body: b"",
    }
    .encode();
    let trailing = [&hello[..], &[0]].concat();
    for (number, bytes) in [&hello, &deliver, &trailing, &vec![0xff], &vec![]]
        .into_iter()
        .enumerate()
    {
        let mut world = World::new();
        let session = world.open(1, 1);
        world.say_bytes(session, bytes);
        assert_eq!(world.closed.len(), 1, "case {number}");
        world.say_bytes(session, &send);
        assert_eq!(world.engine.state().processed, 0, "it is no longer heard");
    }
    let mut world = World::new();
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    world
        .engine
        .opened(SessionId(1), identity(1), Link::Accepted { origin }, NOW);
    world.say_bytes(SessionId(1), &send);
    assert!(
        world.closed[0].1.contains("expected a hello"),
        "{:?}",
        world.closed
    );
}

#[test]
fn requests_must_grow() {
    let mut world = World::new();
    let session = world.open(1, 1);
    let send = |request| Message::Send {
        request,
        to: identity(100),
        body: b"x",
    };
    world.say(session, &send(0));
    world.say(session, &send(5));
    assert!(world.closed.is_empty());
    world.say(session, &send(5));
    assert_eq!(world.closed.len(), 1);
    assert_eq!(world.engine.state().processed, 2);
}

#[test]
fn delivers_between_sessions_in_order() {
    let mut world = World::new();
    let (sender, recipient) = (world.open(1, 1), world.open(2, 2));
    for request in 1..=3 {
        world.say(
            sender,
            &Message::Send {
                request,
                to: identity(2),
                body: &[request as u8],
            },
        );
        assert_eq!(world.answer(sender, request), None);
    }
    let from = identity(1);
    assert_eq!(
        world.delivered(recipient),
        [(from, vec![1]), (from, vec![2]), (from, vec![3])]
    );
}

#[test]
fn tells_the_sender_when_the_recipient_is_full() {
    let mut world = World::new();
    let sender = world.open(1, 1);
    world.open(2, 2);
    world.full = true;
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: b"x",
        },
    );
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Congested));
    assert_eq!(world.engine.state().processed, 0);
}

#[test]
fn unknown_recipients_are_unreachable() {
    let mut world = World::new();
    let sender = world.open(1, 1);
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: b"x",
        },
    );
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Unreachable));
    assert!(world.dialled.is_empty());
}

#[test]
fn simulated_registrations_are_never_dialled() {
    let mut world = World::with(|rules| rules.greeting = Some("hi there".into()));
    let now = NOW;
    world
        .engine
        .opened(SessionId(1), identity(1), Link::Simulated, now);
    assert_eq!(
        world.listen(SessionId(1), 1, record(1, 1, "tls://203.0.113.1:1")),
        None
    );
    assert!(world.dialled.is_empty());
    assert_eq!(
        world.engine.state().table.rows().next().unwrap().source,
        crate::Source::Simulated
    );
}

#[test]
fn the_end_of_an_old_session_leaves_a_newer_registration() {
    let mut world = World::new();
    let old = world.open(1, 1);
    world.listen(old, 1, record(1, 1, "tls://192.0.2.1:1"));
    let new = world.open(2, 1);
    world.listen(new, 1, record(1, 2, "tls://192.0.2.1:2"));
    world.engine.closed(old, "gone".into(), NOW);
    let row = world.engine.state().table.get(&identity(1)).unwrap();
    assert_eq!(row.routes, &["tls://192.0.2.1:2".parse().unwrap()]);
    assert!(world.engine.is_connected(&identity(1)));
    let sender = world.open(3, 3);
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(1),
            body: b"x",
        },
    );
    assert_eq!(world.delivered(new).len(), 1);
}

#[test]
fn unlisten_takes_the_registration_back() {
    let mut world = World::new();
    let session = world.open(1, 1);
    world.listen(session, 1, record(1, 1, "tls://192.0.2.1:1"));
    let withdrawal = Withdrawal {
        identity: identity(1),
        sequence: 2,
    };
    let withdrawal = Signed::sign(&key(1), withdrawal).unwrap();
    let forged = Signed::from_parts(withdrawal.bytes(), [1; 64]).unwrap();
    world.say(
        session,
        &Message::Unlisten {
            request: 2,
            withdrawal: forged,
        },
    );
    assert_eq!(world.answer(session, 2), Some(RejectCode::BadSignature));
    assert_eq!(world.engine.state().table.len(), 1);
    world.say(
        session,
        &Message::Unlisten {
            request: 3,
            withdrawal,
        },
    );
    assert_eq!(world.answer(session, 3), None);
    assert!(world.engine.state().table.is_empty());
}

#[test]
fn idle_dialled_sessions_are_closed_and_registrations_expire() {
    let mut world = World::new();
    let session = world.open(1, 1);
    world.listen(session, 1, record(1, 1, "tls://192.0.2.1:1"));
    let route = "tls://192.0.2.1:1".parse().unwrap();
    let dialled = world.open_link(
        2,
        1,
        Link::Dialled {
            dial: DialId(1),
            route,
        },
    );
    world.engine.tick(NOW + Duration::from_secs(59));
    world.perform();
    assert!(world.closed.is_empty());
    world.engine.tick(NOW + Duration::from_secs(60));
    world.perform();
    assert_eq!(world.closed, [(dialled, "idle".into())]);
    world.engine.tick(NOW + Duration::from_secs(600));
    assert!(world.engine.state().table.is_empty());
}

#[test]
fn refuses_a_hello_of_another_version() {
    let mut world = World::new();
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    world
        .engine
        .opened(SessionId(1), identity(1), Link::Accepted { origin }, NOW);
    let ours = Message::Hello(Hello::new(Role::Service, "test").unwrap()).encode();
    // The array of versions is [1].
    let at = ours
        .windows(2)
        .position(|window| window == [0x81, 0x01])
        .unwrap();
    let mut other = ours.clone();
    other[at + 1] = 0x02;
    world.say_bytes(SessionId(1), &other);
    assert!(
        world.closed[0].1.starts_with("version"),
        "{:?}",
        world.closed
    );
}

#[test]
fn tells_of_a_peer_that_did_not_get_as_far_as_a_session() {
    let mut world = World::new();
    let session = SessionId(1);
    let origin = Origin::Ip("192.0.2.7:5".parse().unwrap());
    let link = Link::Accepted { origin };
    world.engine.opened(session, identity(1), link, NOW);
    world.engine.closed(session, "no hello".into(), NOW);
    world.perform();
    let told = world.told.iter().map(ToString::to_string);
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["handshake with 192.0.2.7:5 failed: no hello"]
    );
}

#[test]
fn keeps_only_the_begin_of_a_long_message_for_the_router() {
    let mut world = World::new();
    let session = world.open(1, 1);
    let to = identity(100);
    for (request, body) in [(1, "x".repeat(100_000)), (2, "\u{10348}".repeat(10_000))] {
        let body = body.as_bytes();
        world.say(session, &Message::Send { request, to, body });
        let Some(event @ Event::Received { text, .. }) = world.told.last() else {
            panic!("nothing was received");
        };
        assert_eq!(text.chars().count(), 401);
        assert!(event.to_string().ends_with('…'), "{event}");
    }
    world.say_bytes(
        session,
        &Message::Send {
            request: 3,
            to,
            body: &[0xff; 100_000],
        }
        .encode(),
    );
    let Some(Event::Received { text, .. }) = world.told.last() else {
        panic!("nothing was received");
    };
    assert!(text.len() <= 3 * 401, "{} bytes", text.len());
}

#[test]
fn a_count_at_its_end_stays_there() {
    let mut world = World::new();
    world.engine.restore(State {
        processed: u64::MAX,
        ..State::default()
    });
    let session = world.open(1, 1);
    assert_eq!(
        world.listen(session, 1, record(1, 1, "tls://192.0.2.1:1")),
        None
    );
    assert_eq!(world.engine.state().processed, u64::MAX);
}
