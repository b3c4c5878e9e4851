//! A TCP socket that listens, whatever accepts from it.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};
use tuyau_core::Address;

use crate::ListenError;

/// How many connections the system keeps for us until they are accepted; it may cap this lower.
/// Large, so that a wave of reconnecting services finds room.
pub const BACKLOG: i32 = 4096;

/// A socket that does not block, with the address that it got.
pub(crate) fn listen(socket: SocketAddr) -> Result<(TcpListener, Address), ListenError> {
    let fail = |error| ListenError::from_io(format_args!("tcp://{socket}"), error);
    let listener = listener(socket).map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    let address = Address::from_socket("tcp", bound)
        .map_err(|error| ListenError::invalid(bound, "an IP endpoint", error))?;
    Ok((listener, address))
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restarted server may take its port while old connections are in TIME_WAIT. Windows means
    // something else by this option: two listeners on one port.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
