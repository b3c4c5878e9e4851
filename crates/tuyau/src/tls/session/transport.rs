//! Moves TLS bytes between rustls and the flow beneath.

use std::{
    io,
    task::{Context, Poll, ready},
};

use rustls::Connection;
use tuyau_core::{ErrorKind, Flow, FlowError};

use super::{input::Input, source};
use crate::{
    halves::{Half, Waiting},
    io_slices::with_plain_slices,
    tls::Kind,
};

/// A rustls connection and the flow that its bytes go through.
#[derive(Debug)]
pub(super) struct Transport<F> {
    pub(super) inner: F,
    /// In a box: more than a kilobyte that every move of a handshake or of a flow would copy.
    pub(super) session: Box<Connection>,
    pub(super) input: Input,
    /// Whether the peer has sent something.
    began: bool,
    /// Encrypted bytes that rustls holds, about.
    unsent: usize,
    waiting: Waiting,
}

impl<F: Flow> Transport<F> {
    /// Bytes through `inner`, from which nothing was read yet, or the beginning, into the session.
    pub(super) fn new(inner: F, session: Box<Connection>, began: bool) -> Self {
        Self {
            inner,
            session,
            input: Input::default(),
            began,
            unsent: 0,
            waiting: Waiting::default(),
        }
    }

    /// Encrypted bytes that the flow beneath has not taken yet, about.
    pub(super) fn unsent(&self) -> usize {
        self.unsent
    }

    /// Encrypts bytes; the caller bounds how many.
    pub(super) fn encrypt(&mut self, plain: &[u8]) -> Result<(), Kind> {
        let mut writer = self.session.writer();
        io::Write::write_all(&mut writer, plain).map_err(Kind::from_session)?;
        self.unsent += plain.len();
        Ok(())
    }

    /// Processes what is there until rustls has plaintext or wants more; whether anything was there.
    pub(super) fn process(&mut self) -> Result<bool, Kind> {
        let mut progress = false;
        while !self.input.is_empty() && self.session.wants_read() {
            let mut rest = self.input.rest();
            let count = self
                .session
                .read_tls(&mut rest)
                .map_err(Kind::from_session)?;
            self.input.consume(count);
            progress = true;
            self.session.process_new_packets()?;
        }
        Ok(progress)
    }

    /// Reads and processes more; `false` at the end of the stream beneath.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Kind>> {
        if self.process()? {
            return Poll::Ready(Ok(true));
        }
        if !self.input.is_empty() {
            // After `close_notify` rustls wants nothing more, and what comes is ignored.
            self.input.consume(self.input.rest().len());
        }
        if self.session.wants_read() && self.input.is_needless() {
            return self.poll_fill_straight(cx);
        }
        let count = ready!(self.input.poll_read(cx, &mut self.inner)).map_err(Kind::Io)?;
        if count == 0 {
            // Tells rustls that the stream ended.
            self.session
                .read_tls(&mut io::empty())
                .map_err(Kind::from_session)?;
            return Poll::Ready(Ok(false));
        }
        self.process()?;
        Poll::Ready(Ok(true))
    }

    /// The same where a small read is enough: into rustls's own buffer, without ours between.
    fn poll_fill_straight(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Kind>> {
        let read_tls = |source: &mut dyn io::Read| self.session.read_tls(source);
        let came = ready!(source::poll_read(&mut self.inner, cx, self.began, read_tls))?;
        if came.count == 0 {
            // Rustls has seen the end itself.
            return Poll::Ready(Ok(false));
        }
        self.began = true;
        if came.filled {
            self.input.becomes_needed();
        }
        self.session.process_new_packets()?;
        Poll::Ready(Ok(true))
    }

    /// Sends until at most `most` bytes are unsent.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        half: Half,
        most: usize,
    ) -> Poll<Result<(), FlowError>> {
        while self.session.wants_write() && (most == 0 || self.unsent > most) {
            let waker = self.waiting.register(cx.waker(), half);
            let mut sink = Sink {
                inner: &mut self.inner,
                cx: &mut Context::from_waker(&waker),
                error: None,
            };
            match self.session.write_tls(&mut sink) {
                Ok(0) => return Poll::Ready(Err(ErrorKind::Closed.into())),
                Ok(count) => self.unsent = self.unsent.saturating_sub(count),
                Err(error) => match sink.error {
                    Some(error) => return Poll::Ready(Err(error)),
                    None if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                    None => return Poll::Ready(Err(error.into())),
                },
            }
        }
        if !self.session.wants_write() {
            self.unsent = 0;
        }
        self.waiting.clear(half);
        Poll::Ready(Ok(()))
    }
}

/// The flow beneath as rustls writes to it.
struct Sink<'a, 'b, F> {
    inner: &'a mut F,
    cx: &'a mut Context<'b>,
    error: Option<FlowError>,
}

impl<F> Sink<'_, '_, F> {
    fn written(&mut self, written: Poll<Result<usize, FlowError>>) -> io::Result<usize> {
        match written {
            Poll::Ready(Ok(count)) => Ok(count),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
            Poll::Ready(Err(error)) => {
                self.error = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

impl<F: Flow> io::Write for Sink<'_, '_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.poll_write(self.cx, bytes);
        self.written(written)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        // A short message is one record.
        if let [bytes] = slices {
            return self.write(bytes);
        }
        let written = with_plain_slices(slices, |plain| {
            self.inner.poll_write_vectored(self.cx, plain)
        });
        self.written(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
