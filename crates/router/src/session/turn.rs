//! What a session's task does by itself with what came in: messages go from here straight into the
//! queues of their recipients.

mod answers;
mod durable;
mod publish;
mod unicast;

use std::sync::Arc;

use tuyau_wire::{
    Class, Message, RejectCode,
    fast::{self, Kind, Parts, Prefix},
    frame::{self, FrameError},
};

use crate::{
    lane::{Destination, Lane},
    outbox::Outbox,
    plane::Plane,
};
use answers::Answers;

/// How many frames one session hands to the engine at a time: a turn of a peer that pipelines many
/// small requests is then no longer than the turns of others would bear.
const CONTROL: usize = 64;

/// The type of a bind.
const BIND: u8 = 3;

/// The type of a pong.
const PONG: u8 = 21;

/// What a session's task knows of its peer.
pub(super) struct Turn {
    outbox: Outbox,
    plane: Plane,
    /// The longest message that is accepted, in bytes.
    limit: usize,
    /// Whether the engine has taken the peer's hello.
    greeted: bool,
    /// What the peer's handles lead to.
    lanes: Vec<Option<Bound>>,
    /// What was sent on the handle at hand, in bytes of messages.
    sent: u64,
    /// The last sequence number that the peer used.
    sequence: Option<u64>,
    answers: Answers,
    /// A batch for a group, kept for its memory.
    batch: Vec<u8>,
}

/// A handle of the peer.
#[derive(Debug)]
struct Bound {
    lane: Arc<Lane>,
    /// How what is sent on it begins.
    prefix: Option<Prefix>,
    /// What was sent on it, in bytes of messages.
    sent: u64,
}

/// What is to happen next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// More is to be read.
    Read,
    /// So many bytes, whole frames, are for the engine; then the turn goes on.
    Engine(usize),
    /// The session is to be refused.
    Refuse(RejectCode, String),
}

/// How a run of frames of one kind ended.
enum Run {
    /// At this offset something else begins.
    Until(usize),
    /// What begins at this offset is for the engine.
    Engine(usize),
    /// The session is to be refused.
    Refuse(RejectCode, String),
}

impl Turn {
    pub(super) fn new(outbox: Outbox, plane: Plane, limit: usize) -> Self {
        Self {
            outbox,
            plane,
            limit,
            greeted: false,
            lanes: Vec::new(),
            sent: 0,
            sequence: None,
            answers: Answers::default(),
            batch: Vec::new(),
        }
    }

    /// The last sequence number that the peer used.
    pub(super) fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// Takes over what the engine changed in its turn.
    pub(super) fn resume(&mut self) {
        self.sequence = self.outbox.sequence();
        self.greeted = self.outbox.is_greeted();
        self.take_bound();
    }

    /// Takes over which handles were bound and freed.
    pub(super) fn take_bound(&mut self) {
        for (handle, lane) in self.outbox.take_bound() {
            let Ok(index) = usize::try_from(handle) else {
                continue;
            };
            if self.lanes.len() <= index {
                self.lanes.resize_with(index + 1, || None);
            }
            self.lanes[index] = lane.map(|lane| Bound {
                lane,
                prefix: Prefix::new(Kind::Send, handle),
                sent: 0,
            });
        }
    }

    /// Works through what came in, and gives how much of it is done with and what is next.
    ///
    /// # Errors
    /// When what comes next cannot become a frame.
    pub(super) fn work(&mut self, input: &[u8]) -> (usize, Result<Next, FrameError>) {
        let (done, next) = self.work_on(input);
        self.answers.tell(&self.outbox);
        if let Some(refusal) = self.answers.take_refusal() {
            self.plane.tell(refusal);
        }
        // A pong is no traffic for which a session is kept.
        if done > 0 && !is_pong(&input[..done]) {
            self.outbox.note_active();
        }
        (done, next)
    }

    fn work_on(&mut self, input: &[u8]) -> (usize, Result<Next, FrameError>) {
        let mut at = 0;
        loop {
            let message = match frame::split(&input[at..], self.limit) {
                Ok(Some(frame)) => frame.message,
                Ok(None) => return (at, Ok(Next::Read)),
                Err(error) => return (at, Err(error)),
            };
            let run = match fast::read(message) {
                _ if !self.greeted => Run::Engine(at),
                Some(parts) if parts.kind == Kind::Send => self.send(input, at, parts.handle),
                Some(parts) if parts.kind == Kind::Reply => {
                    self.reply(&parts);
                    Run::Until(at + frame_length(message))
                }
                _ => self.other(message, at),
            };
            match run {
                Run::Until(next) => at = next,
                Run::Engine(next) => {
                    let length = self.control(&input[next..]);
                    return (next, Ok(Next::Engine(length)));
                }
                Run::Refuse(code, text) => return (at, Ok(Next::Refuse(code, text))),
            }
        }
    }

    /// Sends what begins at `at`, and all that follows on the same handle.
    fn send(&mut self, input: &[u8], at: usize, handle: u64) -> Run {
        let Some(bound) = self.bound(handle) else {
            return Run::Engine(at);
        };
        let (lane, sent) = (bound.lane.clone(), bound.sent);
        let Some(prefix) = bound.prefix else {
            return Run::Engine(at);
        };
        self.sent = sent;
        let run = match (&lane.to, lane.class) {
            (_, Class::Durable) => self.durable(input, at, &prefix, &lane),
            (Destination::Peer(peer), Class::Fast | Class::Request) => match peer.outbox() {
                Some(outbox) => self.unicast(input, at, &prefix, &lane, &outbox),
                None => Run::Engine(at),
            },
            (Destination::Group(group), Class::Fast) => {
                let members = group.members();
                self.publish(input, at, &prefix, &lane, &members)
            }
            _ => Run::Engine(at),
        };
        let sent = self.sent;
        if let Some(bound) = self.bound(handle) {
            bound.sent = sent;
        }
        // A message that is not read as fast as it is written is for the engine.
        match run {
            Run::Engine(_) => self.if_credit(input, at, &lane),
            Run::Until(end) if end == at => self.if_credit(input, at, &lane),
            run => run,
        }
    }

    /// Leaves a message to the engine if there is credit for it.
    fn if_credit(&mut self, input: &[u8], at: usize, lane: &Lane) -> Run {
        if self.sent < lane.limit() {
            return Run::Engine(at);
        }
        let frame = frame::split(&input[at..], self.limit).ok().flatten();
        let parts = frame.and_then(|frame| Some((fast::read(frame.message)?, frame.length)));
        let Some((parts, length)) = parts else {
            return Run::Engine(at);
        };
        let sequence = parts.sequence;
        if let Some(last) = self.sequence.filter(|last| sequence <= *last) {
            return Run::Refuse(RejectCode::Malformed, not_greater(last, sequence));
        }
        self.sequence = Some(sequence);
        self.answers.congested(sequence, lane);
        Run::Until(at + length)
    }

    fn reply(&mut self, parts: &Parts<'_>) {
        if let Some(lane) = self.outbox.announced(parts.handle) {
            lane.reply(&self.outbox, parts.sequence, parts.body);
        }
    }

    fn acknowledge(&self, handle: u64, first: u64, last: u64) {
        match self.outbox.announced(handle) {
            Some(lane) if matches!(lane.to, Destination::Mailboxes) => {
                if let Some(peer) = self.outbox.mail() {
                    peer.acknowledge(&self.outbox, handle, first, last);
                }
            }
            Some(lane) => lane.acknowledge(&self.outbox, first, last),
            None => {}
        }
    }

    /// A message that carries no body: a few are done with here.
    fn other(&mut self, message: &[u8], at: usize) -> Run {
        match message.get(1).copied() {
            Some(9 | 20 | PONG) => {}
            _ => return Run::Engine(at),
        }
        match Message::decode(message) {
            Ok(Message::Acknowledge {
                handle,
                first,
                last,
            }) => {
                self.acknowledge(handle, first, last);
            }
            Ok(Message::Ping { token }) => self.answers.say(&Message::Pong { token }),
            Ok(Message::Pong { .. }) => {}
            _ => return Run::Engine(at),
        }
        Run::Until(at + frame_length(message))
    }

    /// How many bytes of whole frames the engine gets in one turn: up to the next one that is done
    /// with here. What is sent among them is charged to its handle; the engine gives it back.
    fn control(&mut self, input: &[u8]) -> usize {
        let (mut at, mut binds) = (0, false);
        for _ in 0..CONTROL {
            let Ok(Some(frame)) = frame::split(&input[at..], self.limit) else {
                break;
            };
            // What follows the hello, and what is sent behind a bind, may be done with here then.
            let first = at == 0;
            let sends = matches!(fast::read(frame.message), Some(it) if it.kind == Kind::Send);
            if !first && (!self.greeted || binds && sends || self.is_own(frame.message)) {
                break;
            }
            binds |= frame.message.get(1) == Some(&BIND);
            if let Some(parts) = fast::read(frame.message)
                && parts.kind == Kind::Send
                && let Some(bound) = self.bound(parts.handle)
            {
                bound.sent += frame.message.len() as u64;
            }
            at += frame.length;
        }
        at
    }

    fn bound(&mut self, handle: u64) -> Option<&mut Bound> {
        let index = usize::try_from(handle).ok()?;
        self.lanes.get_mut(index)?.as_mut()
    }

    /// Whether a message is done with here, as far as can be told without the engine.
    fn is_own(&self, message: &[u8]) -> bool {
        match fast::read(message) {
            _ if !self.greeted => false,
            Some(parts) => parts.kind == Kind::Reply || self.leads_on(parts.handle),
            None => matches!(message.get(1).copied(), Some(9 | 20 | PONG)),
        }
    }

    /// Whether a handle leads to somebody who is there, or has no credit.
    fn leads_on(&self, handle: u64) -> bool {
        let index = usize::try_from(handle).unwrap_or(usize::MAX);
        let Some(Some(bound)) = self.lanes.get(index) else {
            return false;
        };
        if bound.sent >= bound.lane.limit() {
            return true;
        }
        match &bound.lane.to {
            _ if bound.lane.class == Class::Durable => true,
            Destination::Peer(peer) => peer.outbox().is_some(),
            Destination::Group(_) => true,
            Destination::Router | Destination::Mailboxes => false,
        }
    }
}

/// What a peer is told whose numbers do not grow.
pub(crate) fn not_greater(last: u64, found: u64) -> String {
    format!("expected a sequence number greater than {last}, the one before, found {found}")
}

/// Whether this is one pong and nothing else: a short frame of an array of its type.
fn is_pong(input: &[u8]) -> bool {
    input.get(2) == Some(&PONG) && input.len() == 1 + usize::from(input[0] & 0x1f)
}

fn frame_length(message: &[u8]) -> usize {
    frame::length(message.len())
}
