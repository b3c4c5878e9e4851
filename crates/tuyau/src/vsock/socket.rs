//! Vsock sockets in the clothes of Unix sockets.
//!
//! Tokio has no vsock, and registering any other descriptor with it asks for unsafe code. A Unix
//! stream reads, writes, waits and shuts down by the same system calls, none of which looks at the
//! family; what does (connecting, accepting, addresses) is done by socket2 beside it.

use std::{io, os::fd::OwnedFd, os::unix::net};

use ::tokio::{io::Interest, net::UnixStream};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

/// "Operation now in progress", which has no stable [`io::ErrorKind`]; Linux has a number of its
/// own for it on MIPS.
const EINPROGRESS: i32 = if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
    150
} else {
    115
};

/// A new socket that does not block.
pub(super) fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Hands a socket that does not block to tokio.
pub(super) fn dress(socket: Socket) -> io::Result<UnixStream> {
    UnixStream::from_std(net::UnixStream::from(OwnedFd::from(socket)))
}

pub(super) async fn connect(to: &SockAddr) -> io::Result<UnixStream> {
    let socket = open()?;
    let begun = socket.connect(to);
    let stream = dress(socket)?;
    match begun {
        Ok(()) => return Ok(stream),
        Err(error) if error.raw_os_error() == Some(EINPROGRESS) => {}
        Err(error) => return Err(error),
    }
    // The outcome is known once the socket can be written to.
    stream.ready(Interest::WRITABLE).await?;
    match SockRef::from(&stream).take_error()? {
        None => Ok(stream),
        Some(error) => Err(error),
    }
}
