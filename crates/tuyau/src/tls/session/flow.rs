//! An established TLS connection.

use std::{
    any::{Any, TypeId},
    io,
    task::{Context, Poll, Waker, ready},
};

use tuyau_core::{ErrorKind, FlowError};

use super::{Negotiated, knowledge::Knowledge, transport::Transport};
use crate::{
    halves::Half,
    tls::{CertificateForm, Error, Kind, PublicKey, Side, error::Scene},
};

/// The plaintext of a full record (RFC 8446, section 5.1); writes are gathered into such.
const RECORD: usize = 16 * 1024;

/// How often one read takes what has come without anything for the application in it, before it lets
/// others go on.
const FILLS: usize = 16;

/// How many encrypted bytes are held while the flow beneath takes none. With the record being
/// gathered it bounds what a flow accepts beyond what the flow beneath holds.
const UNSENT: usize = 64 * 1024;

/// The gathering buffer that an idle connection keeps allocated, at most.
const IDLE: usize = 4 * 1024;

/// A TLS connection over a flow `F`.
///
/// It knows the [`PeerKey`](super::PeerKey), the [`CertificateForm`] in which the peer presented it, the
/// [`PeerCertificates`](crate::tls::PeerCertificates), and what was [`Negotiated`].
#[derive(Debug)]
pub struct Flow<F> {
    transport: Transport<F>,
    /// Plaintext of a record that is not full yet.
    gathered: Vec<u8>,
    reading: Reading,
    writing: Writing,
    /// The task that waits for something to read.
    reader: Option<Waker>,
    scene: Scene,
    knowledge: Knowledge,
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
    /// `close_notify` is queued.
    Ending,
    Ended,
    Aborted,
}

impl<F: tuyau_core::Flow> Flow<F> {
    pub(super) fn new(transport: Transport<F>, scene: Scene) -> Result<Self, Error> {
        let knowledge = Knowledge::of(&transport.session).map_err(|kind| scene.error(kind))?;
        Ok(Self {
            transport,
            gathered: Vec::new(),
            reading: Reading::Open,
            writing: Writing::Open,
            reader: None,
            scene,
            knowledge,
        })
    }

    /// The Ed25519 key that the peer proved to hold, if it did.
    pub fn peer_key(&self) -> Option<PublicKey> {
        self.knowledge.key.map(|key| key.0)
    }

    /// The form in which the peer presented its key, if it did.
    pub fn certificate_form(&self) -> Option<CertificateForm> {
        self.knowledge.form
    }

    /// What the handshake agreed on.
    pub fn negotiated(&self) -> &Negotiated {
        &self.knowledge.negotiated
    }

    /// Takes the flow beneath out. TLS can not be continued over it, and nothing told the peer of an end.
    pub fn into_inner(self) -> F {
        self.transport.inner
    }

    /// Which side the peer is.
    pub fn peer_side(&self) -> Side {
        self.scene.peer
    }

    fn check(&self) -> Result<(), FlowError> {
        if self.writing == Writing::Aborted {
            return Err(ErrorKind::Closed.into());
        }
        Ok(())
    }

    fn check_writing(&self) -> Result<(), FlowError> {
        if self.writing != Writing::Open {
            return Err(ErrorKind::Closed.into());
        }
        match &self.reading {
            // After a fatal alert nothing can be sent any more (RFC 8446, section 6.2).
            Reading::Failed(error) if error.is_fatal() => Err(error.clone().into()),
            _ => Ok(()),
        }
    }

    /// Takes the plaintext of everything that was read already, `None` when there is none.
    fn take(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Kind> {
        let mut count = 0;
        while count < buffer.len() {
            let mut reader = self.transport.session.reader();
            match io::Read::read(&mut reader, &mut buffer[count..]) {
                Ok(0) => return Ok(Some(count)),
                Ok(more) => count += more,
                // The bytes come first; the end is met again by the next read.
                Err(_) if count > 0 && self.transport.input.is_empty() => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match self.transport.process() {
                        Ok(true) => {}
                        Ok(false) if count == 0 => return Ok(None),
                        Ok(false) => break,
                        Err(kind) if count == 0 => return Err(kind),
                        Err(kind) => {
                            self.fail(kind);
                            break;
                        }
                    }
                }
                Err(_) => return Err(Kind::Truncated),
            }
        }
        Ok(Some(count))
    }

    fn fail(&mut self, kind: Kind) -> FlowError {
        let error = self.scene.error(kind);
        self.reading = Reading::Failed(error.clone());
        error.into()
    }

    fn encrypt_gathered(&mut self) -> Result<(), FlowError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let encrypted = self.transport.encrypt(&self.gathered);
        let small = self.gathered.len() < IDLE;
        self.gathered.clear();
        if small {
            self.gathered.shrink_to(IDLE);
        }
        encrypted.map_err(|kind| self.scene.error(kind).into())
    }

    /// Accepts the beginning of `bytes`: straight into records when there are enough of them.
    fn accept(&mut self, bytes: &[u8]) -> Result<usize, FlowError> {
        if self.gathered.is_empty() && bytes.len() >= RECORD {
            let room = UNSENT - self.transport.unsent().min(UNSENT);
            let count = bytes.len().min(room.max(RECORD)) / RECORD * RECORD;
            let encrypted = self.transport.encrypt(&bytes[..count]);
            encrypted.map_err(|kind| self.scene.error(kind))?;
            return Ok(count);
        }
        let count = bytes.len().min(RECORD - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..count]);
        if self.gathered.len() == RECORD {
            self.encrypt_gathered()?;
        }
        Ok(count)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Result<(), FlowError>> {
        let sent = ready!(self.transport.poll_send(cx, Half::Write, most));
        Poll::Ready(sent.map_err(|error| self.explain(cx, error)))
    }

    /// Sending failed; perhaps because the peer went after it had said why, in an alert that
    /// nobody has read yet.
    fn explain(&mut self, cx: &mut Context<'_>, error: FlowError) -> FlowError {
        // What this registers must wake the task that reads, not the one that writes.
        let waker = self.reader.take().unwrap_or_else(|| cx.waker().clone());
        while matches!(self.reading, Reading::Open) && self.transport.session.wants_read() {
            match self.transport.poll_fill(&mut Context::from_waker(&waker)) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Err(kind @ Kind::PeerAlert(_))) => {
                    self.fail(kind);
                }
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        waker.wake();
        match &self.reading {
            Reading::Failed(reason) if reason.is_fatal() => reason.clone().into(),
            _ => error,
        }
    }

    fn wait_to_read(&mut self, cx: &Context<'_>) {
        match &mut self.reader {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.reader = Some(cx.waker().clone()),
        }
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
            match self.take(buffer) {
                Ok(Some(0)) => {
                    self.reading = Reading::Ended;
                    return Poll::Ready(Ok(0));
                }
                Ok(Some(count)) => return Poll::Ready(Ok(count)),
                Ok(None) => {}
                Err(kind) => return Poll::Ready(Err(self.fail(kind))),
            }
            match self.transport.poll_fill(cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(kind)) => {
                    let error = self.fail(kind);
                    // Tells the peer why, as far as there is room for it now.
                    let _ = self.transport.poll_send(cx, Half::Read, 0);
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => {
                    self.wait_to_read(cx);
                    // Nobody should wait for an answer to what was never sent. When sending fails,
                    // the writing side says so; there may still be something to read.
                    if self.check_writing().is_ok() {
                        let _ = self.encrypt_gathered();
                    }
                    let _ = self.transport.poll_send(cx, Half::Read, 0);
                    return Poll::Pending;
                }
            }
        }
        // Nothing for the application has come: session tickets, for example, without end.
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
        self.check_writing()?;
        if slices.iter().all(|slice| slice.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        if self.transport.unsent() >= UNSENT {
            ready!(self.poll_send(cx, UNSENT - 1))?;
        }
        let mut total = 0;
        for slice in slices {
            let mut rest = *slice;
            while !rest.is_empty() {
                if total > 0 && self.transport.unsent() >= UNSENT {
                    return Poll::Ready(Ok(total));
                }
                let count = self.accept(rest)?;
                rest = &rest[count..];
                total += count;
            }
        }
        Poll::Ready(Ok(total))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        if self.writing == Writing::Open {
            self.check_writing()?;
            self.encrypt_gathered()?;
        }
        if self.writing != Writing::Ended {
            ready!(self.poll_send(cx, 0))?;
        }
        self.transport.inner.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        if self.writing == Writing::Open {
            self.check_writing()?;
            self.encrypt_gathered()?;
            self.transport.session.send_close_notify();
            self.writing = Writing::Ending;
        }
        if self.writing == Writing::Ending {
            ready!(self.poll_send(cx, 0))?;
            ready!(self.transport.inner.poll_close_write(cx))?;
            self.writing = Writing::Ended;
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.writing = Writing::Aborted;
        self.transport.inner.abort();
    }

    fn inner(&self) -> Option<&dyn tuyau_core::Flow> {
        Some(&self.transport.inner)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.knowledge.info(want)
    }
}

#[cfg(all(test, feature = "mem"))]
mod tests;
