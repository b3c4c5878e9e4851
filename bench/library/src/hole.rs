//! An address that never answers, made without privileges.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

/// A listening socket on loopback whose queue is full: the system drops every further SYN, as a
/// firewall does.
pub struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

/// Why there is none.
#[derive(Debug)]
pub enum NoHole {
    /// This machine has no such address, as one without IPv6.
    NoAddress(io::Error),
    /// The system answers although the queue is full, as other systems than Linux may.
    Answers,
    /// Something that was not foreseen.
    Failed(io::Error),
}

impl BlackHole {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no such address here, the queue takes more than 64 connections, or something
    /// else fails.
    pub fn new(ip: IpAddr) -> Result<Self, NoHole> {
        let address = SocketAddr::new(ip, 0);
        let domain = Domain::for_address(address);
        let listener = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        listener.bind(&address.into())?;
        listener.listen(0)?;
        let address = listener.local_addr()?;
        let address = address.as_socket().expect("it is one of IP");
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
                Err(error) => return Err(error.into()),
            }
        }
        Err(NoHole::Answers)
    }

    /// The address that never answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl NoHole {
    /// Whether it lies in the machine, and is no failure of what is measured here.
    pub fn is_expected(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

impl From<io::Error> for NoHole {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) => Self::NoAddress(error),
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for NoHole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress(error) => write!(f, "there is no such address here: {error}"),
            Self::Answers => f.write_str("the system answers although the queue is full"),
            Self::Failed(error) => write!(f, "no address that never answers: {error}"),
        }
    }
}

impl Error for NoHole {}
