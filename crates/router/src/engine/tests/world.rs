//! An engine whose driver is the test.

use std::collections::{BTreeMap, VecDeque};

use super::*;

/// An engine, and what its driver would do.
pub(super) struct World {
    pub(super) engine: Engine,
    /// Answers and notices.
    pub(super) sent: Vec<(SessionId, Vec<u8>)>,
    /// Messages that were delivered, each with the session that got it.
    pub(super) delivered: Vec<(SessionId, Ticket, Vec<u8>)>,
    /// What the router itself said.
    pub(super) said: Vec<(SessionId, Vec<u8>)>,
    pub(super) taken: Vec<Ticket>,
    pub(super) refused: Vec<(Ticket, RejectCode, String)>,
    pub(super) closed: Vec<(SessionId, String)>,
    pub(super) dialled: Vec<(DialId, Identity, Vec<Address>)>,
    pub(super) told: Vec<Event>,
    /// What was to be kept; none for everything.
    pub(super) changed: Vec<Option<Kept>>,
    /// What is bound now.
    pub(super) bound: BTreeMap<(SessionId, u64), (Bound, Announcement)>,
    /// Who is in which group now.
    pub(super) members: Vec<(Identity, SessionId)>,
    /// Who is a durable member of which group.
    pub(super) kept: Vec<(Identity, Identity)>,
    /// Of whom it is asked whether there are messages.
    pub(super) recalled: Vec<Identity>,
    /// Where identities are reached now.
    pub(super) reached: BTreeMap<Identity, Option<SessionId>>,
    /// The last number of each session.
    numbers: BTreeMap<SessionId, u64>,
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
            keeps: true,
            max_lifetime: Duration::from_secs(3600),
            max_entries: 10,
            max_handles: 200,
            max_groups: 3,
            max_dials: 2,
            max_waiting_bytes: 10_000,
            idle: Duration::from_secs(60),
            retry: Duration::from_secs(1),
        };
        change(&mut rules);
        Self {
            engine: Engine::new(rules, State::default()),
            sent: vec![],
            delivered: vec![],
            said: vec![],
            taken: vec![],
            refused: vec![],
            closed: vec![],
            dialled: vec![],
            told: vec![],
            changed: vec![],
            bound: BTreeMap::new(),
            members: vec![],
            kept: vec![],
            recalled: vec![],
            reached: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    pub(super) fn perform(&mut self) {
        let mut actions: VecDeque<_> = self.engine.take_actions().into();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Send { session, frame } => self.sent.push((session, frame)),
                Action::Keep { kept, answer } => {
                    self.changed.push(Some(kept));
                    if let Some((session, sequence)) = answer {
                        let (level, first, last) = (Level::Accepted, sequence, sequence);
                        let mut frame = Vec::new();
                        Message::Receipt { level, first, last }.encode_frame(&mut frame);
                        self.sent.push((session, frame));
                        self.engine.kept(session, NOW);
                        actions.extend(self.engine.take_actions());
                    }
                }
                Action::KeepAll => self.changed.push(None),
                Action::Greet { .. } => {}
                Action::Reach { identity, session } => {
                    self.reached.insert(identity, session);
                }
                Action::Bind {
                    session,
                    handle,
                    bound,
                    announcement,
                } => {
                    let before = self.bound.insert((session, handle), (bound, announcement));
                    assert_eq!(before, None, "what was bound is freed first");
                }
                Action::Unbind {
                    session,
                    handle,
                    binding,
                } => {
                    let (bound, _) = self.bound.remove(&(session, handle)).unwrap();
                    assert_eq!(bound.number, binding);
                }
                Action::Wait { ticket } => {
                    assert!(!ticket.waited);
                }
                Action::Join { session, group, .. } => self.members.push((group, session)),
                Action::Leave { session, group } => {
                    self.members.retain(|member| *member != (group, session));
                }
                Action::Deliver {
                    session,
                    ticket,
                    body,
                } => {
                    self.engine.count(1);
                    self.delivered.push((session, ticket, body));
                }
                Action::Take { ticket } => {
                    self.engine.count(1);
                    self.taken.push(ticket);
                }
                Action::Refuse { ticket, code, text } => self.refused.push((ticket, code, text)),
                Action::Say { session, body } => self.said.push((session, body)),
                Action::Close { session, reason } => self.closed.push((session, reason)),
                Action::Dial {
                    id,
                    identity,
                    routes,
                } => self.dialled.push((id, identity, routes)),
                Action::Enlist { member, .. } => self.kept.push((member.group, member.identity)),
                Action::Dismiss {
                    identity, group, ..
                } => self.kept.retain(|it| *it != (group, identity)),
                Action::Recall { identity } => self.recalled.push(identity),
                Action::Tell(event) => self.told.push(event),
            }
        }
    }

    pub(super) fn open(&mut self, session: u64, seed: u8) -> SessionId {
        let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
        self.open_link(session, seed, Link::Accepted { origin })
    }

    pub(super) fn open_link(&mut self, session: u64, seed: u8, link: Link) -> SessionId {
        let hello = Hello::new(Role::Service, "test").unwrap();
        self.open_with(session, seed, link, hello)
    }

    pub(super) fn open_with(
        &mut self,
        session: u64,
        seed: u8,
        link: Link,
        hello: Hello,
    ) -> SessionId {
        let session = SessionId(session);
        self.engine.opened(session, identity(seed), link, NOW);
        self.say(session, &Message::Hello(hello));
        self.sent.clear();
        session
    }

    /// The session that the last dial leads to.
    pub(super) fn open_dialled(&mut self, session: u64, seed: u8) -> SessionId {
        let (dial, to, routes) = self.dialled.last().expect("something was dialled").clone();
        assert_eq!(to, identity(seed));
        let route = routes[0].clone();
        self.open_link(session, seed, Link::Dialled { dial, route })
    }

    pub(super) fn close(&mut self, session: SessionId) {
        self.engine.closed(session, "gone".into(), NOW);
        self.perform();
    }

    pub(super) fn say(&mut self, session: SessionId, message: &Message<'_>) {
        self.say_bytes(session, &message.encode());
    }

    pub(super) fn say_bytes(&mut self, session: SessionId, message: &[u8]) {
        self.engine.received(session, message, NOW);
        self.perform();
    }

    /// A number that the session has not used.
    pub(super) fn number(&mut self, session: SessionId) -> u64 {
        let number = self.numbers.entry(session).or_default();
        *number += 1;
        *number
    }

    /// Registers, and gives the code of the refusal, if it was one.
    pub(super) fn listen(
        &mut self,
        session: SessionId,
        record: Signed<Record>,
    ) -> Option<RejectCode> {
        let sequence = self.number(session);
        self.sent.clear();
        self.say(session, &Message::Listen { sequence, record });
        self.answer(session, sequence)
    }

    /// Binds a handle, and gives the code of the refusal, if it was one.
    pub(super) fn bind(
        &mut self,
        session: SessionId,
        handle: u64,
        binding: Binding,
    ) -> Option<RejectCode> {
        let sequence = self.number(session);
        self.say(
            session,
            &Message::Bind {
                sequence,
                handle,
                binding,
            },
        );
        self.answer(session, sequence)
    }

    /// Sends to an identity, by the handle of its seed, and gives the message's number.
    pub(super) fn send(&mut self, session: SessionId, to: u8, body: &[u8]) -> u64 {
        let handle = u64::from(to);
        if !self.bound.contains_key(&(session, handle)) {
            let binding = fast(Target::Identity(identity(to)));
            assert_eq!(self.bind(session, handle, binding), None);
        }
        self.send_on(session, handle, body)
    }

    /// Sends by a handle, and gives the message's number.
    pub(super) fn send_on(&mut self, session: SessionId, handle: u64, body: &[u8]) -> u64 {
        let sequence = self.number(session);
        self.say(
            session,
            &Message::Send {
                handle,
                sequence,
                body,
            },
        );
        sequence
    }

    /// What came of a message: it was refused with this code, or went its way. Fails while it waits.
    pub(super) fn outcome(&self, session: SessionId, sequence: u64) -> Option<RejectCode> {
        let is_it = |ticket: &Ticket| (ticket.session, ticket.sequence) == (session, sequence);
        let refused = self.refused.iter().find(|(ticket, ..)| is_it(ticket));
        if let Some((_, code, _)) = refused {
            return Some(*code);
        }
        let delivered = self.delivered.iter().any(|(_, ticket, _)| is_it(ticket));
        assert!(
            delivered || self.taken.iter().any(is_it),
            "message {sequence} waits"
        );
        None
    }

    /// Whether nothing came of a message yet.
    pub(super) fn waits(&self, session: SessionId, sequence: u64) -> bool {
        let is_it = |ticket: &Ticket| (ticket.session, ticket.sequence) == (session, sequence);
        !self.refused.iter().any(|(ticket, ..)| is_it(ticket))
            && !self.delivered.iter().any(|(_, ticket, _)| is_it(ticket))
            && !self.taken.iter().any(is_it)
    }

    /// The answer to something numbered: the code of the refusal, if it was one.
    pub(super) fn answer(&self, session: SessionId, expected: u64) -> Option<RejectCode> {
        let answers = self.sent.iter().filter(|(to, _)| *to == session);
        for (_, bytes) in answers.rev() {
            let frame = frame::split(bytes, 1 << 20).unwrap().unwrap();
            match Message::decode(frame.message).unwrap() {
                Message::Receipt {
                    level: Level::Accepted,
                    first,
                    last,
                } if first <= expected && expected <= last => return None,
                Message::Reject {
                    sequence: Some(sequence),
                    code,
                    ..
                } if sequence == expected => return Some(code),
                _ => {}
            }
        }
        panic!("no answer to {expected}");
    }

    /// The bodies that were delivered to a session, with their senders.
    pub(super) fn delivered(&self, session: SessionId) -> Vec<(Identity, Vec<u8>)> {
        let to = self.delivered.iter().filter(|(to, ..)| *to == session);
        to.map(|(_, ticket, body)| {
            let peer = self.engine.sessions.get(ticket.session).unwrap().peer;
            (peer, body.clone())
        })
        .collect()
    }
}

/// A binding for fast messages of which nothing but refusals is told.
pub(super) fn fast(target: Target) -> Binding {
    Binding {
        target,
        class: Class::Fast,
        level: Level::None,
        ttl: 0,
    }
}
