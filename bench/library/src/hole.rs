//! An address that never answers, made without privileges.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

/// A listening socket on loopback whose queue is full: the system drops every further SYN, as a
/// firewall does.
pub struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no such address here, or the queue takes more than 64 connections.
    pub fn new(ip: IpAddr) -> io::Result<Self> {
        let address = SocketAddr::new(ip, 0);
        let domain = Domain::for_address(address);
        let listener = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        listener.bind(&address.into())?;
        listener.listen(0)?;
        let address = listener.local_addr()?;
        let address = address.as_socket().ok_or(io::ErrorKind::Unsupported)?;
        let mut queued = Vec::new();
        while queued.len() < 64 {
            match TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
                Ok(stream) => queued.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Ok(Self {
                        address,
                        _listener: listener,
                        _queued: queued,
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The address that never answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
