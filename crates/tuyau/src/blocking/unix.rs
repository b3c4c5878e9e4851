//! Unix stream sockets, non-blocking, of std's kind.

use std::{
    any::{Any, TypeId},
    future::{Ready, poll_fn, ready},
    io,
    net::Shutdown,
    os::unix::net,
    path::{Path, PathBuf},
    task::{Context, Poll, ready},
};

use mio::net::UnixStream;
use tuyau_core::{
    Address, Attempt, ErrorKind, Flow, FlowError, Incoming, LocalAddress, Origin, PeerAddress,
    Protocol, Stage,
};

use super::{
    NotConnected,
    duplex::{Duplex, StreamSocket, connected},
    reactor::Direction,
    socket::Socket,
};
use crate::{
    ListenError,
    unix::{PathTooLong, UnixKey, bind},
};

/// Unix stream sockets for [`block_on`](super::block_on), under the same key as every other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unix;

impl Protocol for Unix {
    type Key = UnixKey;
    type Flow = UnixFlow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("unix");

    async fn connect(&self, path: &PathBuf, _: &Attempt) -> Result<UnixFlow, FlowError> {
        if let Some(error) = PathTooLong::check(path) {
            return Err(FlowError::new(ErrorKind::Unsupported, error));
        }
        let mut duplex = Duplex::new(UnixStream::connect(path)?);
        poll_fn(|cx| duplex.poll_connected(cx)).await?;
        Ok(UnixFlow {
            duplex,
            local: None,
            peer: address(path).map(PeerAddress),
        })
    }
}

impl StreamSocket for UnixStream {
    fn connected(&self) -> Option<io::Result<()>> {
        connected(self.take_error(), || self.peer_addr())
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// A Unix stream connection.
///
/// It knows the path that was dialled as its [`PeerAddress`], or the path that it was accepted at as
/// its [`LocalAddress`]. It waits in [`block_on`](super::block_on) only, in any thread's.
#[derive(Debug)]
pub struct UnixFlow {
    duplex: Duplex<UnixStream>,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl UnixFlow {
    /// Makes a flow of a connection that was made, accepted or inherited by std, or of one end of a
    /// [`pair`](net::UnixStream::pair).
    ///
    /// It knows the paths that the system knows, where they are absolute. The socket becomes
    /// non-blocking, and with it each clone of it ([`try_clone`](net::UnixStream::try_clone)); std's
    /// timeouts no longer hold, those of a [`Stream`](super::Stream) over the flow do.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed), caused by [`NotConnected`], when the socket has no peer; otherwise
    /// what the system says when it does not make the socket non-blocking. The socket is closed then.
    ///
    /// # Examples
    /// ```
    /// use std::{io::Write, os::unix::net::UnixStream};
    /// use tuyau::blocking::{UnixFlow, block_on};
    /// use tuyau_core::FlowExt;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (mut near, far) = UnixStream::pair()?;
    /// let mut flow = UnixFlow::from_std(far)?;
    /// near.write_all(b"hello")?;
    /// let mut hello = [0; 5];
    /// block_on(flow.read_exact(&mut hello))?;
    /// assert_eq!(&hello, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(stream: net::UnixStream) -> Result<Self, FlowError> {
        let peer = stream.peer_addr().map_err(NotConnected::because)?;
        let local = stream.local_addr().ok();
        stream.set_nonblocking(true)?;
        let path = |socket: &net::SocketAddr| socket.as_pathname().and_then(address);
        Ok(Self {
            duplex: Duplex::new(UnixStream::from_std(stream)),
            local: local.as_ref().and_then(path).map(LocalAddress),
            peer: path(&peer).map(PeerAddress),
        })
    }
}

/// The address of a path; none when it is relative or has other characters than addresses have.
fn address(path: &Path) -> Option<Address> {
    Address::from_path("unix", path.to_str()?).ok()
}

impl Flow for UnixFlow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.duplex.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.duplex.poll_write(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.duplex.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.duplex.poll_flush()
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.duplex.poll_close_write()
    }

    /// Closes the socket; Unix sockets have no reset of their own.
    fn abort(&mut self) {
        drop(self.duplex.abort());
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}

/// Accepts Unix stream connections at one path, and removes the path when dropped if it is still its own.
#[derive(Debug)]
pub struct UnixListener {
    listener: Socket<mio::net::UnixListener>,
    address: Address,
    _claim: bind::Claim,
}

impl UnixListener {
    /// Listens at a path that only this user may connect to. A relative path begins at the working
    /// directory.
    ///
    /// A socket file that nobody listens at any more is replaced. A live one, and any file that is
    /// not a socket, is left alone.
    ///
    /// # Errors
    /// A [`ListenError`] that names the path.
    pub fn bind(path: impl AsRef<Path>) -> Result<Self, ListenError> {
        Self::bind_with_mode(path, bind::MODE)
    }

    /// Like [`bind`](Self::bind), with the permissions `mode` (such as `0o660`), which hold from the
    /// moment on at which the path exists.
    ///
    /// # Errors
    /// A [`ListenError`] that names the path.
    pub fn bind_with_mode(path: impl AsRef<Path>, mode: u32) -> Result<Self, ListenError> {
        let (listener, address, claim) = bind::listen(path.as_ref(), mode)?;
        Ok(Self {
            listener: Socket::new(mio::net::UnixListener::from_std(listener)),
            address,
            _claim: claim,
        })
    }
}

impl tuyau_core::Listener for UnixListener {
    type Flow = UnixFlow;
    type Error = FlowError;
    type Handshake = Ready<Result<UnixFlow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let accept = |listener: &mut mio::net::UnixListener| listener.accept();
        let (stream, _) = ready!(self.listener.poll(cx, Direction::Read, accept))?;
        let flow = UnixFlow {
            duplex: Duplex::new(stream),
            local: Some(LocalAddress(self.address.clone())),
            peer: None,
        };
        Poll::Ready(Ok(Incoming {
            origin: Origin::Local("unix"),
            handshake: ready(Ok(flow)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}
