//! Accepting Unix stream connections.

use std::{
    future::{Ready, ready},
    path::Path,
    task::{Context, Poll, ready},
};

use ::tokio::net::UnixListener;
use tuyau_core::{Address, FlowError, Incoming, Origin};

use super::{
    Flow,
    bind::{self, Claim},
};
use crate::ListenError;

/// Accepts Unix stream connections at one path, and removes the path when dropped if it is still its own.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    address: Address,
    _claim: Claim,
}

impl Listener {
    /// The permissions of the socket file unless told otherwise: for this user alone.
    pub const MODE: u32 = bind::MODE;

    /// Listens at a path that only this user may connect to. A relative path begins at the working
    /// directory.
    ///
    /// A socket file that nobody listens at any more is replaced. A live one, and any file that is
    /// not a socket, is left alone.
    ///
    /// # Errors
    /// A [`ListenError`] that names the path.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind(path: impl AsRef<Path>) -> Result<Self, ListenError> {
        Self::bind_with_mode(path, Self::MODE)
    }

    /// Like [`bind`](Self::bind), with the permissions `mode` (such as `0o660`), which hold from the
    /// moment on at which the path exists.
    ///
    /// # Errors
    /// A [`ListenError`] that names the path.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind_with_mode(path: impl AsRef<Path>, mode: u32) -> Result<Self, ListenError> {
        let (listener, address, claim) = bind::listen(path.as_ref(), mode)?;
        let listener = UnixListener::from_std(listener);
        let listener = listener.map_err(|error| ListenError::from_io(&address, error))?;
        Ok(Self {
            listener,
            address,
            _claim: claim,
        })
    }
}

impl tuyau_core::Listener for Listener {
    type Flow = Flow;
    type Error = FlowError;
    type Handshake = Ready<Result<Flow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let (stream, _) = ready!(self.listener.poll_accept(cx))?;
        Poll::Ready(Ok(Incoming {
            origin: Origin::Local("unix"),
            handshake: ready(Ok(Flow::accepted(stream, self.address.clone()))),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}
