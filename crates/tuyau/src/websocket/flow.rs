//! An established WebSocket.

use std::{
    any::{Any, TypeId},
    str,
    task::{Context, Poll, ready},
};

use tuyau_core::{ErrorKind, FlowError};

use super::{
    Error, FrameError, Kind, Upgrade,
    beneath::Beneath,
    error::Side,
    frame::{Head, LONGEST_HEAD, Opcode, apply_mask},
    masks::Masks,
};
use crate::{
    halves::Half,
    incoming::Incoming,
    outgoing::{Outgoing, UNSENT},
    slices::{gather, total},
};

/// The payload of a full message that is written, in bytes.
const PAYLOAD: usize = 16 * 1024;

/// How often one call to read looks for bytes before it gives way.
const FILLS: usize = 64;

/// The status of a proper end (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1000;

/// Which side this one is.
#[derive(Debug)]
pub(super) enum Role {
    /// It masks what it sends.
    Client(Masks),
    Server,
}

impl Role {
    pub(super) fn client() -> Self {
        Self::Client(Masks::new())
    }

    fn peer(&self) -> Side {
        match self {
            Self::Client(_) => Side::Server,
            Self::Server => Side::Client,
        }
    }
}

/// A WebSocket over a flow `F`. It knows the [`Upgrade`].
#[derive(Debug)]
pub struct Flow<F: tuyau_core::Flow> {
    inner: Beneath<F>,
    incoming: Incoming,
    outgoing: Outgoing,
    role: Role,
    message: Message,
    limit: Option<u64>,
    /// The payload of a ping that is to be answered.
    ping: Option<Vec<u8>>,
    reading: Reading,
    writing: Writing,
    upgrade: Upgrade,
}

/// How far the message that is being read has come.
#[derive(Debug, Default)]
struct Message {
    /// Whether more frames of it are to come.
    open: bool,
    /// What is left of the present frame, in bytes.
    rest: u64,
    /// What was read of the present frame, in bytes.
    offset: u64,
    mask: [u8; 4],
    /// The bytes of all its frames so far.
    length: u64,
}

#[derive(Debug)]
enum Reading {
    Open,
    Ended,
    Failed(Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    /// The Close frame is on its way.
    Ending,
    Ended,
    Aborted,
}

/// What there is to take.
enum Taken {
    Bytes(usize),
    End,
    /// Nothing before so many bytes are there.
    Needs(usize),
}

impl<F: tuyau_core::Flow> Flow<F> {
    pub(super) fn new(
        inner: F,
        incoming: Incoming,
        role: Role,
        limit: Option<u64>,
        upgrade: Upgrade,
    ) -> Self {
        Self {
            inner: Beneath::new(inner),
            incoming,
            outgoing: Outgoing::default(),
            role,
            message: Message::default(),
            limit,
            ping: None,
            reading: Reading::Open,
            writing: Writing::Open,
            upgrade,
        }
    }

    /// What the handshake agreed on.
    pub fn upgrade(&self) -> &Upgrade {
        &self.upgrade
    }

    /// Takes the flow beneath out. Nothing told the peer of an end, and bytes of it that were read and
    /// not yet given out are lost.
    pub fn into_inner(mut self) -> F {
        self.inner.take()
    }

    fn check(&self) -> Result<(), FlowError> {
        match self.writing {
            Writing::Aborted => Err(ErrorKind::Closed.into()),
            _ => Ok(()),
        }
    }

    /// Appends a frame to what is on its way.
    fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), FlowError> {
        let mask = match &mut self.role {
            Role::Client(masks) => Some(masks.next()?),
            Role::Server => None,
        };
        let head = Head {
            last: true,
            opcode,
            mask,
            length: payload.len() as u64,
        };
        let out = self.outgoing.end();
        head.encode(out);
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(mask) = mask {
            apply_mask(&mut out[start..], mask, 0);
        }
        Ok(())
    }

    /// Fails reading for good, and tells the peer why when it broke the rules.
    fn fail(&mut self, kind: Kind) -> FlowError {
        if let Some(status) = kind.close_status()
            && self.writing == Writing::Open
            && self.send(Opcode::Close, &status.to_be_bytes()).is_ok()
        {
            self.writing = Writing::Ending;
        }
        let error = self.role.peer().error(kind);
        self.reading = Reading::Failed(error.clone());
        error.into()
    }

    /// Takes what was read already.
    fn take(&mut self, buffer: &mut [u8]) -> Result<Taken, Kind> {
        loop {
            if self.message.rest > 0 {
                return Ok(self.take_payload(buffer));
            }
            let rest = self.incoming.rest();
            let Some((head, length)) = Head::decode(rest).map_err(Kind::Frame)? else {
                return Ok(Taken::Needs(LONGEST_HEAD.min(rest.len() + 1)));
            };
            match (&self.role, head.mask) {
                (Role::Server, None) => return Err(Kind::Frame(FrameError::Unmasked)),
                (Role::Client(_), Some(_)) => return Err(Kind::Frame(FrameError::Masked)),
                _ => {}
            }
            if !head.opcode.is_control() {
                self.begin(&head)?;
                self.incoming.consume(length);
                continue;
            }
            let size = head.length as usize;
            let Some(payload) = rest.get(length..length + size) else {
                return Ok(Taken::Needs(length + size));
            };
            let mut payload = payload.to_vec();
            apply_mask(&mut payload, head.mask.unwrap_or_default(), 0);
            self.incoming.consume(length + size);
            match head.opcode {
                Opcode::Close => return close_reason(&payload).map(|()| Taken::End),
                // Several that came together are answered once (section 5.5.3).
                Opcode::Ping => self.ping = Some(payload),
                _ => {}
            }
        }
    }

    /// Begins a frame of a message.
    fn begin(&mut self, head: &Head) -> Result<(), Kind> {
        let message = &mut self.message;
        match (head.opcode, message.open) {
            (Opcode::Text, _) => return Err(Kind::Text),
            (Opcode::Continuation, false) => return Err(Kind::Frame(FrameError::Continuation)),
            (Opcode::Continuation, true) => {}
            (_, true) => return Err(Kind::Frame(FrameError::Interrupted)),
            (_, false) => message.length = 0,
        }
        message.length = message.length.saturating_add(head.length);
        if let Some(limit) = self.limit
            && message.length > limit
        {
            return Err(Kind::MessageTooLong { limit });
        }
        message.open = !head.last;
        message.rest = head.length;
        message.offset = 0;
        message.mask = head.mask.unwrap_or_default();
        Ok(())
    }

    fn take_payload(&mut self, buffer: &mut [u8]) -> Taken {
        let message = &mut self.message;
        let there = self.incoming.rest();
        let most = usize::try_from(message.rest).unwrap_or(usize::MAX);
        let count = there.len().min(buffer.len()).min(most);
        if count == 0 {
            return Taken::Needs(1);
        }
        buffer[..count].copy_from_slice(&there[..count]);
        apply_mask(&mut buffer[..count], message.mask, message.offset);
        message.rest -= count as u64;
        message.offset += count as u64;
        self.incoming.consume(count);
        Taken::Bytes(count)
    }

    /// Answers a ping, when there is room for it, and sends what is on its way as far as it goes.
    fn answer(&mut self, cx: &mut Context<'_>) {
        let room = self.outgoing.unsent() < UNSENT && self.writing == Writing::Open;
        if room && let Some(payload) = self.ping.take() {
            // When this or the sending fails, the writing side says so.
            let _ = self.send(Opcode::Pong, &payload);
        }
        let _ = self.poll_send(cx, Half::Read, 0);
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        half: Half,
        most: usize,
    ) -> Poll<Result<(), FlowError>> {
        self.outgoing.poll_send(cx, &mut *self.inner, half, most)
    }
}

/// Whether a Close frame with this payload is a proper end (section 5.5.1).
fn close_reason(payload: &[u8]) -> Result<(), Kind> {
    match payload {
        [] => Ok(()),
        [high, low, reason @ ..] => {
            let status = u16::from_be_bytes([*high, *low]);
            let reason = str::from_utf8(reason).map_err(|_| Kind::Frame(FrameError::Close))?;
            match status {
                NORMAL => Ok(()),
                _ => Err(Kind::Closed {
                    status,
                    reason: reason.into(),
                }),
            }
        }
        _ => Err(Kind::Frame(FrameError::Close)),
    }
}

impl<F: tuyau_core::Flow> tuyau_core::Flow for Flow<F> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        for _ in 0..FILLS {
            match &self.reading {
                Reading::Open => {}
                Reading::Ended => return Poll::Ready(Ok(0)),
                Reading::Failed(error) => return Poll::Ready(Err(error.clone().into())),
            }
            let taken = self.take(buffer);
            if self.ping.is_some() {
                self.answer(cx);
            }
            let need = match taken {
                Ok(Taken::Bytes(count)) => return Poll::Ready(Ok(count)),
                Ok(Taken::End) => {
                    self.reading = Reading::Ended;
                    continue;
                }
                Ok(Taken::Needs(need)) => need,
                Err(kind) => {
                    let error = self.fail(kind);
                    let _ = self.poll_send(cx, Half::Read, 0);
                    return Poll::Ready(Err(error));
                }
            };
            // Nobody should wait for an answer to what was never sent.
            self.answer(cx);
            match ready!(self.incoming.poll_fill(cx, &mut *self.inner, need)) {
                Ok(0) => return Poll::Ready(Err(self.fail(Kind::Truncated))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(self.fail(Kind::Io(error)))),
            }
        }
        // A peer that sends nothing but pings and empty frames, faster than they are read, is no reason
        // to keep everybody else waiting.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        if self.writing != Writing::Open {
            // Closed by us, or because of what the peer did.
            return Poll::Ready(Err(match &self.reading {
                Reading::Failed(error)
                    if error.kind().close_status().is_some()
                        && self.writing != Writing::Aborted =>
                {
                    error.clone().into()
                }
                _ => ErrorKind::Closed.into(),
            }));
        }
        let all = total(slices);
        if all == 0 {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_send(cx, Half::Write, UNSENT))?;
        let mut count = 0;
        while count < all && self.outgoing.unsent() < UNSENT {
            let payload = gather(slices, count, PAYLOAD);
            self.send(Opcode::Binary, &payload)?;
            count += payload.len();
        }
        // What the flow beneath does not take now goes with the next write, flush or waiting read.
        if let Poll::Ready(Err(error)) = self.poll_send(cx, Half::Write, 0) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        ready!(self.poll_send(cx, Half::Write, 0))?;
        self.inner.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        if self.writing == Writing::Open {
            self.send(Opcode::Close, &NORMAL.to_be_bytes())?;
            self.writing = Writing::Ending;
        }
        if self.writing == Writing::Ending {
            ready!(self.poll_send(cx, Half::Write, 0))?;
            ready!(self.inner.poll_flush(cx))?;
            self.writing = Writing::Ended;
        }
        if matches!(self.reading, Reading::Open) {
            // Beneath it stays open until this is dropped: proxies take its end for that of both
            // directions.
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_close_write(cx)
    }

    fn abort(&mut self) {
        self.writing = Writing::Aborted;
        self.inner.abort();
    }

    fn inner(&self) -> Option<&dyn tuyau_core::Flow> {
        Some(&*self.inner)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<Upgrade>()).then_some(&self.upgrade as _)
    }
}

impl<F: tuyau_core::Flow> Drop for Flow<F> {
    /// Behind a Close frame the flow beneath is ended too: one that is dropped before its end may take
    /// back what it has not delivered, as a stream of QUIC does.
    fn drop(&mut self) {
        let closing = matches!(self.writing, Writing::Ending | Writing::Ended);
        if closing && self.outgoing.unsent() == 0 {
            self.inner.end();
        }
    }
}
