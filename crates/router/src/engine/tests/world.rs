//! An engine whose driver is the test.

use super::*;

/// An engine, and what its driver would do.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) sent: Vec<(SessionId, Vec<u8>)>,
    pub(super) closed: Vec<(SessionId, String)>,
    pub(super) dialled: Vec<(DialId, Identity, Vec<Address>)>,
    pub(super) told: Vec<Event>,
    pub(super) full: bool,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Rules {
            identity: identity(100),
            hello: Hello::new(Role::Router, "test").unwrap(),
            greeting: None,
            policy: Policy::allow_all(),
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

    pub(super) fn perform(&mut self) {
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

    pub(super) fn open(&mut self, session: u64, seed: u8) -> SessionId {
        let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
        self.open_link(session, seed, Link::Accepted { origin })
    }

    pub(super) fn open_link(&mut self, session: u64, seed: u8, link: Link) -> SessionId {
        let session = SessionId(session);
        self.engine.opened(session, identity(seed), link, NOW);
        self.say(
            session,
            &Message::Hello(Hello::new(Role::Service, "test").unwrap()),
        );
        self.sent.clear();
        session
    }

    pub(super) fn say(&mut self, session: SessionId, message: &Message<'_>) {
        self.say_bytes(session, &message.encode());
    }

    pub(super) fn say_bytes(&mut self, session: SessionId, message: &[u8]) {
        self.engine.received(session, message, NOW);
        self.perform();
    }

    /// Registers, and gives the code of the refusal, if it was one.
    pub(super) fn listen(
        &mut self,
        session: SessionId,
        request: u64,
        record: Signed<Record>,
    ) -> Option<RejectCode> {
        self.sent.clear();
        self.say(session, &Message::Listen { request, record });
        self.answer(session, request)
    }

    pub(super) fn answer(&self, session: SessionId, expected: u64) -> Option<RejectCode> {
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
    pub(super) fn delivered(&self, session: SessionId) -> Vec<(Identity, Vec<u8>)> {
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
