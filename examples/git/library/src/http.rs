//! Git's requests and answers to a web server (smart HTTP), as the two directions of a stream.
//!
//! What is written up to the next read becomes the body of one request; what is read is the body of
//! its answer. The first answer is that of the request for the server's capabilities. One connection
//! carries all of them (RFC 9112, section 9.3).

mod body;
mod head;

use std::{
    error, fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};

use self::body::Body;
use crate::{Error, Kind, Remote};

/// What a server may say before the capabilities, in the older protocols.
const ANNOUNCEMENT: &[u8] = b"001e# service=git-upload-pack\n0000";

/// How much is read from the connection at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// A web server that answered with something else than success.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) reason: String,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, reason } = refusal;
        Kind::Http { status, reason }.into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.reason)
    }
}

impl error::Error for Refusal {}

/// Requests and answers over a stream to a web server.
pub(crate) struct Exchange<S> {
    stream: S,
    path: String,
    host: String,
    /// The body of the next request, as far as it is written.
    request: Vec<u8>,
    /// What is being sent, and how much of it was.
    out: Vec<u8>,
    sent: usize,
    flushed: bool,
    /// What was received and not yet looked at.
    input: Vec<u8>,
    /// The answer that is being read, once its head was.
    body: Option<Body>,
    /// Bytes at the begin of the first answer that may be the announcement.
    announcement: Option<Vec<u8>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Exchange<S> {
    /// An exchange that begins by asking for the capabilities.
    pub(crate) fn new(stream: S, remote: &Remote) -> Self {
        let host = match (remote.host().contains(':'), remote.port()) {
            (true, Some(port)) => format!("[{}]:{port}", remote.host()),
            (true, None) => format!("[{}]", remote.host()),
            (false, Some(port)) => format!("{}:{port}", remote.host()),
            (false, None) => remote.host().to_owned(),
        };
        let path = remote.path().trim_end_matches('/').to_owned();
        let out = head::get(&path, &host);
        Self {
            stream,
            path,
            host,
            request: Vec::new(),
            out,
            sent: 0,
            flushed: false,
            input: Vec::new(),
            body: None,
            announcement: Some(Vec::new()),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.request.is_empty() {
            self.out = head::post(&self.path, &self.host, self.request.len());
            self.out.append(&mut self.request);
            (self.sent, self.flushed, self.body) = (0, false, None);
        }
        while self.sent < self.out.len() {
            let rest = &self.out[self.sent..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.sent += count,
            }
        }
        if !self.flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads more from the connection; whether there was more.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let length = self.input.len();
        self.input.resize(length + CHUNK, 0);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut self.input[length..]);
        let count = match &read {
            Poll::Ready(Ok(count)) => *count,
            _ => 0,
        };
        self.input.truncate(length + count);
        read.map_ok(|count| count > 0)
    }

    /// Reads the head of the answer.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut Body>> {
        while self.body.is_none() {
            if let Some((body, length)) = head::parse(&self.input)? {
                self.input.drain(..length);
                self.body = Some(body);
            } else if !ready!(self.poll_fill(cx))? {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        match &mut self.body {
            Some(body) => Poll::Ready(Ok(body)),
            None => Poll::Pending,
        }
    }

    /// Reads from the body of the answer.
    fn poll_answer(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        ready!(self.poll_body(cx))?;
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(Ok(0));
            };
            let (taken, given) = body.take(&self.input, buffer)?;
            self.input.drain(..taken);
            if given > 0 || body.is_over() {
                return Poll::Ready(Ok(given));
            }
            if taken == 0 && !ready!(self.poll_fill(cx))? {
                match &mut self.body {
                    Some(body) => body.connection_ended()?,
                    None => return Poll::Ready(Ok(0)),
                }
            }
        }
    }

    /// Looks whether the first answer begins with the announcement, and leaves it out.
    fn poll_announcement(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(seen) = &self.announcement {
            let whole = seen.len() == ANNOUNCEMENT.len();
            if whole || !ANNOUNCEMENT.starts_with(seen) {
                break;
            }
            let mut more = [0; ANNOUNCEMENT.len()];
            let room = ANNOUNCEMENT.len() - seen.len();
            let count = ready!(self.poll_answer(cx, &mut more[..room]))?;
            if count == 0 {
                break;
            }
            if let Some(seen) = &mut self.announcement {
                seen.extend(&more[..count]);
            }
        }
        if self.announcement.as_deref() == Some(ANNOUNCEMENT) {
            self.announcement = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Exchange<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_announcement(cx))?;
        // It was none: what was looked at is given first.
        if let Some(seen) = &mut self.announcement {
            let count = seen.len().min(buffer.len());
            buffer[..count].copy_from_slice(&seen[..count]);
            seen.drain(..count);
            if seen.is_empty() {
                self.announcement = None;
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
        }
        self.poll_answer(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Exchange<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.request.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A request goes out as a whole, when its answer is wanted.
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests;
