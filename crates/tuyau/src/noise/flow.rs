//! An established Noise connection.

use std::{
    any::{Any, TypeId},
    fmt,
    task::{Context, Poll, ready},
};

use snow::{HandshakeState, TransportState};
use tuyau_core::{ErrorKind, FlowError};

use super::{Error, Kind, PublicKey, error::Side, handshake::engine};
use crate::{
    halves::Half,
    incoming::Incoming,
    outgoing::{Outgoing, UNSENT},
    slices::{gather, total},
};

/// The authentication tag of each message, in bytes.
const TAG: usize = 16;

/// The payload of a full message that is written, in bytes. Longer ones, up to the 65,519 bytes that
/// a message holds, would save next to nothing and be later at the reader.
const PAYLOAD: usize = 16 * 1024;

/// The plaintext buffer that an idle connection keeps allocated, at most.
const IDLE: usize = 4 * 1024;

/// Information of a flow: the X25519 key that the peer proved to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerKey(pub PublicKey);

/// A Noise connection over a flow `F`. It knows the [`PeerKey`].
pub struct Flow<F> {
    inner: F,
    session: TransportState,
    incoming: Incoming,
    outgoing: Outgoing,
    /// What was decrypted and not yet read.
    plain: Vec<u8>,
    taken: usize,
    reading: Reading,
    writing: Writing,
    peer: PeerKey,
    side: Side,
}

enum Reading {
    Open,
    Ended,
    Failed(Error),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Open,
    /// The last message is on its way.
    Ending,
    Ended,
    Aborted,
}

impl<F: tuyau_core::Flow> Flow<F> {
    pub(super) fn new(
        inner: F,
        state: HandshakeState,
        peer: PublicKey,
        side: Side,
    ) -> Result<Self, Kind> {
        Ok(Self {
            inner,
            session: state.into_transport_mode().map_err(engine)?,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            plain: Vec::new(),
            taken: 0,
            reading: Reading::Open,
            writing: Writing::Open,
            peer: PeerKey(peer),
            side,
        })
    }

    /// The X25519 key that the peer proved to hold.
    pub fn peer_key(&self) -> PublicKey {
        self.peer.0
    }

    /// Takes the flow beneath out. Noise cannot be continued over it, and nothing told the peer of an end.
    pub fn into_inner(self) -> F {
        self.inner
    }

    fn check(&self) -> Result<(), FlowError> {
        match self.writing {
            Writing::Aborted => Err(ErrorKind::Closed.into()),
            _ => Ok(()),
        }
    }

    fn fail(&mut self, kind: Kind) -> FlowError {
        let error = self.side.error(kind);
        self.reading = Reading::Failed(error.clone());
        error.into()
    }

    /// Takes plaintext that was read already: `None` when more must be read for it, and how many
    /// bytes must be there in all.
    fn take(&mut self, buffer: &mut [u8]) -> Result<Taken, Kind> {
        if self.taken < self.plain.len() {
            let rest = &self.plain[self.taken..];
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            self.taken += count;
            if self.taken == self.plain.len() {
                self.plain.clear();
                self.plain.shrink_to(IDLE);
                self.taken = 0;
            }
            return Ok(Taken::Bytes(count));
        }
        let rest = self.incoming.rest();
        let [high, low, rest @ ..] = rest else {
            return Ok(Taken::Needs(2));
        };
        let announced = u16::from_be_bytes([*high, *low]);
        let length = usize::from(announced);
        let Some(size) = length.checked_sub(TAG) else {
            return Err(Kind::TooShort(announced));
        };
        let Some(message) = rest.get(..length) else {
            return Ok(Taken::Needs(2 + length));
        };
        let direct = size <= buffer.len();
        let place = if direct {
            &mut *buffer
        } else {
            self.plain.resize(size, 0);
            &mut self.plain
        };
        let read = self.session.read_message(message, place);
        self.incoming.consume(2 + length);
        match read {
            Ok(0) => Ok(Taken::End),
            Ok(count) if direct => Ok(Taken::Bytes(count)),
            Ok(_) => self.take(buffer),
            Err(_) => {
                self.plain.clear();
                Err(Kind::Corrupted)
            }
        }
    }

    /// Encrypts one message behind what is on its way.
    fn encrypt(&mut self, payload: &[u8]) -> Result<(), FlowError> {
        let bytes = self.outgoing.end();
        let start = bytes.len();
        let length = payload.len() + TAG;
        bytes.extend_from_slice(&(length as u16).to_be_bytes());
        bytes.resize(start + 2 + length, 0);
        match self.session.write_message(payload, &mut bytes[start + 2..]) {
            Ok(_) => Ok(()),
            Err(error) => {
                bytes.truncate(start);
                Err(self.side.error(engine(error)).into())
            }
        }
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        half: Half,
        most: usize,
    ) -> Poll<Result<(), FlowError>> {
        self.outgoing.poll_send(cx, &mut self.inner, half, most)
    }
}

/// What there is to take.
enum Taken {
    Bytes(usize),
    End,
    /// Nothing before so many bytes are there.
    Needs(usize),
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
        loop {
            match &self.reading {
                Reading::Open => {}
                Reading::Ended => return Poll::Ready(Ok(0)),
                Reading::Failed(error) => return Poll::Ready(Err(error.clone().into())),
            }
            let need = match self.take(buffer) {
                Ok(Taken::Bytes(count)) => return Poll::Ready(Ok(count)),
                Ok(Taken::End) => {
                    self.reading = Reading::Ended;
                    continue;
                }
                Ok(Taken::Needs(need)) => need,
                Err(kind) => return Poll::Ready(Err(self.fail(kind))),
            };
            // Nobody should wait for an answer to what was never sent. When sending fails, the writing
            // side says so.
            let _ = self.poll_send(cx, Half::Read, 0);
            match ready!(self.incoming.poll_fill(cx, &mut self.inner, need)) {
                Ok(0) => return Poll::Ready(Err(self.fail(Kind::Truncated))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(self.fail(Kind::Io(error)))),
            }
        }
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
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        let all = total(slices);
        if all == 0 {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_send(cx, Half::Write, UNSENT))?;
        let mut count = 0;
        while count < all && self.outgoing.unsent() < UNSENT {
            let payload = gather(slices, count, PAYLOAD);
            self.encrypt(&payload)?;
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
            self.encrypt(&[])?;
            self.writing = Writing::Ending;
        }
        if self.writing == Writing::Ending {
            ready!(self.poll_send(cx, Half::Write, 0))?;
            ready!(self.inner.poll_close_write(cx))?;
            self.writing = Writing::Ended;
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.writing = Writing::Aborted;
        self.inner.abort();
    }

    fn inner(&self) -> Option<&dyn tuyau_core::Flow> {
        Some(&self.inner)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<PeerKey>()).then_some(&self.peer as _)
    }
}

impl<F: fmt::Debug> fmt::Debug for Flow<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("inner", &self.inner)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
