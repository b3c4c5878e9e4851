//! One end of a connection, ours or raw: what the measured work is written against.

use std::{
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::Pin,
    task::{Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tuyau_core::{AnyFlow, ErrorKind, Flow, FlowError, FlowExt};

use crate::Lost;

/// One end of a connection.
pub trait End: Send + 'static {
    /// Writes all of `bytes`.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Lost>> + Send;

    /// Writes all slices, as many at a time as the stream takes.
    fn write_vectored(&mut self, slices: &[&[u8]])
    -> impl Future<Output = Result<(), Lost>> + Send;

    /// Sends what is held back.
    fn flush(&mut self) -> impl Future<Output = Result<(), Lost>> + Send;

    /// Reads something; 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, Lost>> + Send;

    /// Fills `buffer`.
    fn read_exact(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<(), Lost>> + Send;

    /// Closes without leaving a port in TIME_WAIT.
    fn reset(self);
}

/// Our flow, erased.
pub struct Ours(pub AnyFlow);

impl End for Ours {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        Ok(self.0.write_all(bytes).await?)
    }

    async fn write_vectored(&mut self, slices: &[&[u8]]) -> Result<(), Lost> {
        let mut slices = slices.to_vec();
        let mut rest = &mut slices[..];
        let written = poll_fn(|cx| {
            while !rest.is_empty() {
                let count = ready!(self.0.poll_write_vectored(cx, rest))?;
                if count == 0 {
                    return Poll::Ready(Err(FlowError::from(ErrorKind::Closed)));
                }
                advance(&mut rest, count);
            }
            Poll::Ready(Ok(()))
        });
        Ok(written.await?)
    }

    async fn flush(&mut self) -> Result<(), Lost> {
        Ok(self.0.flush().await?)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Lost> {
        Ok(self.0.read(buffer).await?)
    }

    async fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), Lost> {
        Ok(self.0.read_exact(buffer).await?)
    }

    fn reset(mut self) {
        self.0.abort();
    }
}

/// What `IoSlice::advance_slices` does, for plain slices.
fn advance(rest: &mut &mut [&[u8]], mut count: usize) {
    let whole = rest.iter().take_while(|slice| {
        let done = slice.len() <= count;
        count -= if done { slice.len() } else { 0 };
        done
    });
    let whole = whole.count();
    *rest = &mut std::mem::take(rest)[whole..];
    if let Some(first) = rest.first_mut() {
        *first = &first[count..];
    }
}

/// A raw tokio stream.
pub struct Raw<S>(pub S);

/// The socket of a stream.
pub trait Socket {
    /// The socket.
    fn socket(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Socket for tokio_rustls::client::TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl Socket for tokio_rustls::server::TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl<S: AsyncRead + AsyncWrite + Socket + Unpin + Send + 'static> End for Raw<S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        Ok(self.0.write_all(bytes).await?)
    }

    async fn write_vectored(&mut self, slices: &[&[u8]]) -> Result<(), Lost> {
        let mut slices: Vec<_> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let mut rest = &mut slices[..];
        let written = poll_fn(|cx| {
            while !rest.is_empty() {
                let count = ready!(Pin::new(&mut self.0).poll_write_vectored(cx, rest))?;
                if count == 0 {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero)));
                }
                IoSlice::advance_slices(&mut rest, count);
            }
            Poll::Ready(Ok(()))
        });
        Ok(written.await?)
    }

    async fn flush(&mut self) -> Result<(), Lost> {
        Ok(self.0.flush().await?)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Lost> {
        Ok(self.0.read(buffer).await?)
    }

    async fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), Lost> {
        self.0.read_exact(buffer).await?;
        Ok(())
    }

    fn reset(self) {
        // Where it fails the socket is closed all the same.
        let _ = self.0.socket().set_zero_linger();
    }
}
