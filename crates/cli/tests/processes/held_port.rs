//! A port for one who stops listening and comes back to it.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A port on loopback that the system gives to nobody else who asks for a free one, whether somebody
/// listens there at the moment or not.
///
/// On Linux, sockets with `SO_REUSEADDR` may share a port while no more than one of them listens, and a
/// port with any socket is not free (tcp(7), socket(7)). Elsewhere the port is not held: that it was free
/// a moment ago has to do.
pub(crate) struct HeldPort {
    address: SocketAddr,
    _socket: Option<TcpSocket>,
}

impl HeldPort {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            _socket: cfg!(target_os = "linux").then_some(socket),
        }
    }

    /// Where a router listens there.
    pub(crate) fn tls(&self) -> String {
        format!("tls://{}", self.address)
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_held_port_is_not_free_and_can_be_listened_at_again_and_again() {
    let port = HeldPort::new();
    for _ in 0..2 {
        // As programs listen, which come back to their port.
        let listener = std::net::TcpListener::bind(port.address).unwrap();
        std::net::TcpStream::connect(port.address).unwrap();
        drop(listener);
        let stranger = TcpSocket::new_v4().unwrap();
        let error = stranger.bind(port.address).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    }
}
