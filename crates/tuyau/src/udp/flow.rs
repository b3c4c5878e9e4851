//! A UDP socket that is connected to one peer.

use std::{
    any::{Any, TypeId},
    fmt,
    future::Future,
    io::{self, IoSliceMut, Read},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::tokio::{
    io::{Interest, Ready},
    net::UdpSocket,
};
use socket2::SockRef;
use tuyau_core::{Address, Datagrams, ErrorKind, FlowError, LocalAddress, PeerAddress};

use super::max_size;

type Failing = Pin<Box<dyn Future<Output = io::Result<Ready>> + Send>>;

/// A UDP socket that is connected to one peer. It knows its [`PeerAddress`] and [`LocalAddress`].
pub struct Flow {
    socket: Arc<UdpSocket>,
    /// The wait for an answer of the network that the peer is not there. Tokio does not wake
    /// receivers for it.
    failing: Option<Failing>,
    max_size: usize,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl Flow {
    pub(super) fn new(socket: UdpSocket, peer: SocketAddr) -> io::Result<Self> {
        let address = |socket| Address::from_socket("udp", socket).ok();
        Ok(Self {
            max_size: max_size(&peer),
            local: address(socket.local_addr()?).map(LocalAddress),
            peer: address(peer).map(PeerAddress),
            socket: Arc::new(socket),
            failing: None,
        })
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Interest>> {
        if let Poll::Ready(ready) = self.socket.poll_recv_ready(cx) {
            return Poll::Ready(ready.map(|()| Interest::READABLE));
        }
        let socket = &self.socket;
        let failing = self.failing.get_or_insert_with(|| {
            let socket = socket.clone();
            Box::pin(async move { socket.ready(Interest::ERROR).await })
        });
        let failed = ready!(failing.as_mut().poll(cx));
        self.failing = None;
        Poll::Ready(failed.map(|_| Interest::ERROR))
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

impl Datagrams for Flow {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        if datagram.len() > self.max_size {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        }
        let sent = ready!(self.socket.poll_send(cx, datagram));
        Poll::Ready(sent.map(|_| ()).map_err(send_error))
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        loop {
            let ready = ready!(self.poll_ready(cx))?;
            let receive = || receive(&self.socket, buffer);
            match self.socket.try_io(ready, receive) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(length) if length > buffer.len() => {
                    return Poll::Ready(Err(ErrorKind::TooLarge.into()));
                }
                result => return Poll::Ready(result.map_err(Into::into)),
            }
        }
    }

    fn max_size(&self) -> usize {
        self.max_size
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

/// Receives a datagram; more than the length of `buffer` means that it did not fit.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    // The system cuts what does not fit and does not tell, so there is room for one byte more.
    let mut more = [0];
    let mut slices = [IoSliceMut::new(buffer), IoSliceMut::new(&mut more)];
    (&*SockRef::from(socket)).read_vectored(&mut slices)
}

/// The system's limit on the size may be lower than the protocol's.
pub(super) fn send_error(error: io::Error) -> FlowError {
    match error.kind() {
        io::ErrorKind::InvalidInput => FlowError::new(ErrorKind::TooLarge, error),
        _ if error.raw_os_error() == Some(EMSGSIZE) => FlowError::new(ErrorKind::TooLarge, error),
        _ => error.into(),
    }
}

/// "Message too long", a number that differs between systems and has no [`io::ErrorKind`].
const EMSGSIZE: i32 = if cfg!(windows) {
    10_040
} else if cfg!(target_os = "linux") {
    90
} else {
    40
};
