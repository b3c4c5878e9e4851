//! A stream of a connection.

use std::{
    any::{Any, TypeId},
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::tokio::time::timeout;
use quinn::{ConnectionError, ReadError, RecvStream, SendStream, VarInt, WriteError};
use tuyau_core::{ErrorKind, FlowError};

use super::{Connection, Error, LINGER};
use crate::halves::{Half, Waiting};

/// The code of a stream that was aborted; it has no meaning beyond that.
const ABORTED: VarInt = VarInt::from_u32(0);
/// The code of a stream whose flow was dropped before its writing half was ended.
pub(super) const DROPPED: VarInt = VarInt::from_u32(1);

/// A bidirectional stream of a QUIC connection.
///
/// It knows the [`PeerAddress`](tuyau_core::PeerAddress) and the
/// [`LocalAddress`](tuyau_core::LocalAddress), the [`PeerKey`](crate::tls::PeerKey), the
/// [`PeerCertificates`](crate::tls::PeerCertificates) and what was
/// [`Negotiated`](crate::tls::Negotiated), and its [`Connection`].
///
/// Flushing it does nothing: what was written waits in this process until the connection's task has
/// sent it and the peer has acknowledged it. Only the end of the writing half keeps it from being lost
/// when the flow is dropped: see [What to know](super#what-to-know).
pub struct Flow {
    stream: Stream,
    reading: Reading,
    /// Whether the writing half was ended.
    ended: bool,
    connection: Connection,
}

enum Stream {
    /// An accepted connection whose first stream has not come yet.
    Awaited(Accepting, Waiting),
    Open(SendStream, RecvStream),
    Aborted,
}

type Accepting =
    Pin<Box<dyn Future<Output = Result<(SendStream, RecvStream), ConnectionError>> + Send>>;

enum Reading {
    Open,
    Ended,
    Failed(Error),
}

impl Flow {
    pub(super) fn opened(connection: Connection, send: SendStream, receive: RecvStream) -> Self {
        Self::new(Stream::Open(send, receive), connection)
    }

    /// The first stream that the peer will open.
    pub(super) fn awaited(connection: Connection) -> Self {
        let quinn = connection.quinn.clone();
        let accepting = Box::pin(async move { quinn.accept_bi().await });
        Self::new(Stream::Awaited(accepting, Waiting::default()), connection)
    }

    fn new(stream: Stream, connection: Connection) -> Self {
        Self {
            stream,
            reading: Reading::Open,
            ended: false,
            connection,
        }
    }

    /// The connection, for further streams and for its datagrams.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits for the stream on behalf of one half.
    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        half: Half,
    ) -> Poll<Result<(&mut SendStream, &mut RecvStream), Error>> {
        if let Stream::Awaited(accepting, waiting) = &mut self.stream {
            let waker = waiting.register(cx.waker(), half);
            match ready!(accepting.as_mut().poll(&mut Context::from_waker(&waker))) {
                Ok((send, receive)) => {
                    // The other half waits for the same stream, and the wakers are in the old state.
                    waker.wake();
                    self.stream = Stream::Open(send, receive);
                }
                Err(error) => {
                    waker.wake();
                    let quinn = self.connection.quinn.clone();
                    // It may be asked again, and then says the same.
                    let again = async move { Err(quinn.closed().await) };
                    self.stream = Stream::Awaited(Box::pin(again), Waiting::default());
                    return Poll::Ready(Err(self.connection.lost(error)));
                }
            }
        }
        match &mut self.stream {
            Stream::Open(send, receive) => Poll::Ready(Ok((send, receive))),
            Stream::Awaited(..) => Poll::Pending,
            Stream::Aborted => Poll::Ready(Err(ConnectionError::LocallyClosed.into())),
        }
    }

    fn check(&self) -> Result<(), FlowError> {
        match self.stream {
            Stream::Aborted => Err(ErrorKind::Closed.into()),
            _ => Ok(()),
        }
    }

    fn check_writing(&self) -> Result<(), FlowError> {
        match self.ended {
            true => Err(ErrorKind::Closed.into()),
            false => self.check(),
        }
    }

    fn fail(&mut self, error: Error) -> FlowError {
        self.reading = Reading::Failed(error.clone());
        error.while_reading()
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        match &self.reading {
            _ if buffer.is_empty() => return Poll::Ready(Ok(0)),
            Reading::Open => {}
            Reading::Ended => return Poll::Ready(Ok(0)),
            Reading::Failed(error) => return Poll::Ready(Err(error.clone().while_reading())),
        }
        let receive = match ready!(self.poll_open(cx, Half::Read)) {
            Ok((_, receive)) => receive,
            Err(error) => return Poll::Ready(Err(self.fail(error))),
        };
        match ready!(receive.poll_read(cx, buffer)) {
            Ok(0) => {
                self.reading = Reading::Ended;
                Poll::Ready(Ok(0))
            }
            Ok(count) => Poll::Ready(Ok(count)),
            Err(ReadError::ConnectionLost(error)) => {
                let error = self.connection.lost(error);
                Poll::Ready(Err(self.fail(error)))
            }
            Err(error) => Poll::Ready(Err(self.fail(error.into()))),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.check_writing()?;
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let (send, _) = ready!(self.poll_open(cx, Half::Write)).map_err(Error::while_writing)?;
        let error = match ready!(Pin::new(send).poll_write(cx, bytes)) {
            Ok(count) => return Poll::Ready(Ok(count)),
            Err(WriteError::ConnectionLost(error)) => self.connection.lost(error),
            Err(error) => error.into(),
        };
        Poll::Ready(Err(error.while_writing()))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(cx, first.copied().unwrap_or_default())
    }

    fn is_write_vectored(&self) -> bool {
        false
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // What was accepted is sent by the connection's own task, as the peer and the path permit.
        Poll::Ready(self.check())
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        if !self.ended {
            let opened = ready!(self.poll_open(cx, Half::Write));
            let (send, _) = opened.map_err(Error::while_writing)?;
            // It fails only where the stream was ended before.
            let _ = send.finish();
            self.ended = true;
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        if let Stream::Open(mut send, mut receive) = mem::replace(&mut self.stream, Stream::Aborted)
        {
            // They fail only where the half was ended before.
            let _ = (send.reset(ABORTED), receive.stop(ABORTED));
        }
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.connection.info(want)
    }
}

impl Drop for Flow {
    /// Resets the stream, unless its writing half was ended: an end that nobody meant must not look
    /// like one. What was ended keeps the connection until the peer has everything, which a
    /// connection that is closed at once would lose.
    fn drop(&mut self) {
        let Stream::Open(mut send, mut receive) = mem::replace(&mut self.stream, Stream::Aborted)
        else {
            return;
        };
        // It fails only where the peer's half has ended.
        let _ = receive.stop(DROPPED);
        drop(receive);
        if !self.ended {
            // It fails only where the stream is gone.
            let _ = send.reset(DROPPED);
            return;
        }
        let (delivered, connection) = (send.stopped(), self.connection.clone());
        if let Some(runtime) = connection.runtime() {
            runtime.spawn(async move {
                let _ = timeout(LINGER, delivered).await;
                drop((send, connection));
            });
        }
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
