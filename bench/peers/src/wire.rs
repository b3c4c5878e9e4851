//! The client's end of a connection: a socket with TLS on top, large buffers, no threads of its own.
//!
//! Every peer is driven through this one, so that none has a slower client than another. TLS uses the
//! buffers of this file and decrypts where the bytes were read.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig,
    client::UnbufferedClientConnection,
    pki_types::ServerName,
    unbuffered::{ConnectionState, UnbufferedStatus},
};

/// How much is read at once, in bytes: it grows while reads fill it, so that idle connections are small.
const READ: std::ops::RangeInclusive<usize> = 4 * 1024..=256 * 1024;

/// The longest plain text of a TLS record, in bytes.
const RECORD: usize = 16 * 1024;

/// What encryption adds to a record at most, in bytes.
const OVERHEAD: usize = 64;

/// How long a peer may be silent while something is expected of it.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to a server.
pub struct Wire {
    socket: TcpStream,
    tls: Option<Tls>,
    /// What came and was not taken yet, decrypted.
    plain: Vec<u8>,
    room: usize,
}

struct Tls {
    connection: UnbufferedClientConnection,
    /// What came, as it came; `filled` bytes of it.
    incoming: Vec<u8>,
    filled: usize,
    /// What goes out; `ready` bytes of it.
    outgoing: Vec<u8>,
    ready: usize,
}

impl Wire {
    /// Connects without TLS, which [`secure`](Self::secure) may add.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        // A reset at the end, so that no port stays in TIME_WAIT.
        rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        Ok(Self {
            socket,
            tls: None,
            plain: Vec::new(),
            room: *READ.start(),
        })
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// When the server refuses or is silent.
    pub fn secure(&mut self, config: &Arc<ClientConfig>) -> io::Result<()> {
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let connection =
            UnbufferedClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        let mut tls = Tls {
            connection,
            incoming: Vec::new(),
            filled: 0,
            outgoing: Vec::new(),
            ready: 0,
        };
        while !tls.step(&mut self.socket, &mut self.plain)? {
            tls.fill(&mut self.socket, &mut self.room)?;
        }
        self.tls = Some(tls);
        Ok(())
    }

    /// Whether reading returns at once when nothing has come; writing is then not allowed to fill the
    /// buffers of the system.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        self.socket.set_nonblocking(on)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => {
                tls.encrypt(bytes)?;
                self.socket.write_all(&tls.outgoing[..tls.ready])?;
                tls.ready = 0;
                Ok(())
            }
            None => self.socket.write_all(bytes),
        }
    }

    /// Reads what there is; at least one byte comes, or an error.
    ///
    /// # Errors
    /// `UnexpectedEof` when the server has closed, `WouldBlock` when nothing comes, or has come.
    pub fn read(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            let start = self.plain.len();
            self.plain.resize(start + self.room, 0);
            let read = some(self.socket.read(&mut self.plain[start..]));
            let count = *read.as_ref().unwrap_or(&0);
            self.plain.truncate(start + count);
            grow(&mut self.room, count);
            return read.map(drop);
        };
        let before = self.plain.len();
        while self.plain.len() == before {
            tls.fill(&mut self.socket, &mut self.room)?;
            tls.step(&mut self.socket, &mut self.plain)?;
        }
        Ok(())
    }

    /// What was read and not taken yet.
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// Takes bytes from the front of [`plain`](Self::plain).
    pub fn take(&mut self, count: usize) {
        if count == self.plain.len() {
            self.plain.clear();
        } else {
            self.plain.drain(..count);
        }
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Tls {
    fn fill(&mut self, socket: &mut TcpStream, room: &mut usize) -> io::Result<()> {
        let end = self.filled + *room;
        if self.incoming.len() < end {
            self.incoming.resize(end, 0);
        }
        let count = some(socket.read(&mut self.incoming[self.filled..end]))?;
        self.filled += count;
        grow(room, count);
        Ok(())
    }

    /// Does all that can be done with what came; whether the handshake is over.
    fn step(&mut self, socket: &mut TcpStream, plain: &mut Vec<u8>) -> io::Result<bool> {
        let mut used = 0;
        let ready = loop {
            let UnbufferedStatus {
                mut discard, state, ..
            } = self
                .connection
                .process_tls_records(&mut self.incoming[used..self.filled]);
            let mut stop = None;
            match state.map_err(io::Error::other)? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(io::Error::other)?;
                        discard += record.discard;
                        plain.extend_from_slice(record.payload);
                    }
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    self.outgoing.resize(self.ready + RECORD + OVERHEAD, 0);
                    self.ready += data
                        .encode(&mut self.outgoing[self.ready..])
                        .map_err(io::Error::other)?;
                }
                ConnectionState::TransmitTlsData(data) => {
                    socket.write_all(&self.outgoing[..self.ready])?;
                    self.ready = 0;
                    data.done();
                }
                ConnectionState::BlockedHandshake => stop = Some(false),
                ConnectionState::WriteTraffic(_) => stop = Some(true),
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
            used += discard;
            if let Some(ready) = stop {
                break ready;
            }
        };
        self.incoming.copy_within(used..self.filled, 0);
        self.filled -= used;
        Ok(ready)
    }

    fn encrypt(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = bytes.len() + (bytes.len() / RECORD + 1) * OVERHEAD;
        if self.outgoing.len() < room {
            self.outgoing.resize(room, 0);
        }
        let UnbufferedStatus { state, .. } = self.connection.process_tls_records(&mut []);
        let ConnectionState::WriteTraffic(mut traffic) = state.map_err(io::Error::other)? else {
            return Err(io::Error::other("TLS is not ready to write"));
        };
        self.ready = traffic
            .encrypt(bytes, &mut self.outgoing)
            .map_err(io::Error::other)?;
        Ok(())
    }
}

fn some(read: io::Result<usize>) -> io::Result<usize> {
    match read? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(count),
    }
}

fn grow(room: &mut usize, count: usize) {
    if count == *room {
        *room = (*room * 4).min(*READ.end());
    }
}
