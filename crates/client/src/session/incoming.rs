//! What the router says.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use tuyau_wire::{
    Message,
    fast::{self, Kind, Parts},
    frame,
};

use super::{
    Delivery, Shared,
    delivery::Origin,
    desk::Desk,
    error::{OutOfTurn, Rejection, SessionError, SessionErrorKind as Kinds},
    notice::Notice,
    open::{Answer, Awaited, Spread},
};

/// Handles the messages of the router.
pub(super) struct Incoming {
    shared: Arc<Shared>,
    /// For the deliveries, which must not keep the session.
    session: Weak<Shared>,
    /// The longest message that is accepted, in bytes.
    limit: usize,
    /// What the router's handles stand for, and how many messages came under each.
    announced: HashMap<u64, (Arc<Origin>, u64), BuildHasherDefault<Spread>>,
    batch: Vec<Delivery>,
}

impl Incoming {
    pub(super) fn new(shared: Arc<Shared>, limit: usize) -> Self {
        Self {
            session: Arc::downgrade(&shared),
            shared,
            limit,
            announced: HashMap::default(),
            batch: Vec::new(),
        }
    }

    /// Handles all whole frames at the begin of `bytes`, and gives how much of it that is.
    ///
    /// # Errors
    /// When the session is over for what the router said.
    pub(super) fn handle(&mut self, bytes: &[u8]) -> Result<usize, SessionError> {
        let mut at = 0;
        let mut chunk = Chunk {
            bytes,
            copy: None,
            limit: self.limit,
        };
        let handled = loop {
            let frame = match frame::split(&bytes[at..], self.limit) {
                Ok(Some(frame)) => frame,
                Ok(None) => break Ok(at),
                Err(error) => break Err(SessionError::caused(Kinds::Malformed, error)),
            };
            at += frame.length;
            let handled = match fast::read(frame.message) {
                Some(parts) => self.body(&parts, at, &mut chunk),
                None => self.other(frame.message),
            };
            if let Err(error) = handled {
                break Err(error);
            }
        };
        if !self.batch.is_empty() {
            self.shared.inbox.push(&mut self.batch);
        }
        handled
    }

    /// A message with a body, which ends at the offset `end` of the chunk.
    fn body(
        &mut self,
        parts: &Parts<'_>,
        end: usize,
        chunk: &mut Chunk<'_>,
    ) -> Result<(), SessionError> {
        let redelivered = match parts.kind {
            Kind::Deliver => false,
            Kind::Redeliver => true,
            Kind::Send => return Err(out_of_turn("send")),
            Kind::Reply => return Err(out_of_turn("reply")),
        };
        let Some((origin, count)) = self.announced.get_mut(&parts.handle) else {
            return Err(out_of_turn(
                "a delivery under a handle that was not announced",
            ));
        };
        let ordinal = *count;
        *count += 1;
        let body = chunk.slice(end, parts.body.len());
        let delivery = Delivery::new(origin, parts.sequence, ordinal, redelivered, body);
        self.batch.push(delivery);
        Ok(())
    }

    /// Messages that came for this service and could not be handed over.
    fn missed(&self, handle: u64, first: u64, last: u64) -> Result<(), SessionError> {
        let Some((origin, _)) = self.announced.get(&handle) else {
            return Err(out_of_turn("missed under a handle that was not announced"));
        };
        self.shared.notices.push(Notice::Missed {
            from: origin.announcement.identity,
            epoch: origin.announcement.epoch,
            group: origin.announcement.group,
            first,
            last,
        });
        Ok(())
    }

    fn other(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        let message = Message::decode(bytes)
            .map_err(|error| SessionError::caused(Kinds::Malformed, error))?;
        match message {
            Message::Announce {
                handle,
                announcement,
            } => {
                let origin = Origin {
                    handle,
                    announcement,
                    session: self.session.clone(),
                    seen: self.shared.settings.seen.clone(),
                };
                self.announced.insert(handle, (Arc::new(origin), 0));
                Ok(())
            }
            Message::Reject {
                sequence: None,
                code,
                text,
            } => Err(SessionError::rejected(code, text)),
            Message::Missed {
                handle,
                first,
                last,
            } => self.missed(handle, first, last),
            Message::Drain {
                milliseconds,
                routes,
            } => {
                let closes_in = Duration::from_millis(milliseconds);
                let notice = Notice::Draining { closes_in, routes };
                self.shared.notices.push(notice);
                Ok(())
            }
            message => {
                let notice = self.shared.with(|desk| answer(desk, message))?;
                if let Some(notice) = notice {
                    self.shared.notices.push(notice);
                }
                Ok(())
            }
        }
    }
}

/// Hands what answers something to whoever asked, and gives what nobody asked for.
fn answer(desk: &mut Desk, message: Message<'_>) -> Result<Option<Notice>, SessionError> {
    match message {
        Message::Receipt { level, first, last } => {
            asked(desk, last)?;
            if first == last && desk.open.awaited(first) == Some(Awaited::Record) {
                return Err(out_of_turn("a receipt for a lookup"));
            }
            desk.receipt(level, first, last);
        }
        Message::Reject {
            sequence: Some(sequence),
            code,
            text,
        } => {
            asked(desk, sequence)?;
            let text = text.to_owned();
            return Ok(desk.refuse(sequence, Rejection { code, text }));
        }
        Message::Found { sequence, record } => {
            let answer = Answer::Record(Box::new(record));
            settle(desk, sequence, Awaited::Record, answer)?;
        }
        Message::Replied { sequence, body } => {
            asked(desk, sequence)?;
            let answer = Answer::Reply(Bytes::copy_from_slice(body));
            match desk.open.awaited(sequence) {
                None | Some(Awaited::Reply { .. }) => desk.settle(sequence, Ok(answer)),
                Some(_) => return Err(out_of_turn("a reply to what was no request")),
            }
        }
        Message::Credit { handle, limit } => desk.handles.raise(handle, limit),
        Message::Ping { token } => desk.say(&Message::Pong { token }),
        Message::Pong { token } => desk.answered(token),
        other => return Err(out_of_turn(other.name())),
    }
    Ok(None)
}

fn settle(
    desk: &mut Desk,
    sequence: u64,
    expected: Awaited,
    answer: Answer,
) -> Result<(), SessionError> {
    asked(desk, sequence)?;
    match desk.open.awaited(sequence) {
        // Whoever asked may have given up.
        Some(awaited) if awaited != expected => Err(out_of_turn("a record for what was no lookup")),
        _ => {
            desk.settle(sequence, Ok(answer));
            Ok(())
        }
    }
}

/// Checks that a number was used.
fn asked(desk: &Desk, sequence: u64) -> Result<(), SessionError> {
    match sequence <= desk.last() {
        true => Ok(()),
        false => Err(out_of_turn("an answer to what was not sent")),
    }
}

fn out_of_turn(found: &'static str) -> SessionError {
    let expected = "a delivery under a handle that was announced, or an answer to what was sent";
    SessionError::caused(Kinds::Unexpected, OutOfTurn { expected, found })
}

/// What came in one read: the bodies in it are copied together, once.
struct Chunk<'a> {
    bytes: &'a [u8],
    copy: Option<Bytes>,
    limit: usize,
}

impl Chunk<'_> {
    /// The `length` bytes that end at an offset.
    fn slice(&mut self, end: usize, length: usize) -> Bytes {
        let (bytes, limit) = (self.bytes, self.limit);
        let copy = self.copy.get_or_insert_with(|| {
            let whole = &bytes[..whole(bytes, limit)];
            Bytes::copy_from_slice(whole)
        });
        copy.slice(end - length..end)
    }
}

/// How many bytes the whole frames at the begin of `bytes` take.
fn whole(bytes: &[u8], limit: usize) -> usize {
    let mut at = 0;
    while let Ok(Some(frame)) = frame::split(&bytes[at..], limit) {
        at += frame.length;
    }
    at
}
