//! Options of TCP flows.

use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};

/// Options of TCP flows, the same for dialled and accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    nodelay: bool,
    keepalive: Option<Duration>,
}

impl Options {
    /// How long a flow may be idle before the system probes whether the peer is still there, unless
    /// told otherwise: 60 s, below the time after which common NATs forget a connection.
    pub const KEEPALIVE: Duration = Duration::from_secs(60);
    /// The time between two probes.
    const INTERVAL: Duration = Duration::from_secs(15);
    /// The number of unanswered probes after which the flow is reset.
    const RETRIES: u32 = 4;

    /// Whether small writes go out at once (`TCP_NODELAY`), instead of waiting for more to send or
    /// for an acknowledgement. On unless told otherwise: layers and users here send whole batches.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// The idle time before the system probes the peer, or `None` for no probes. A peer that does
    /// not answer for a minute after that counts as gone.
    pub fn keepalive(mut self, idle: Option<Duration>) -> Self {
        self.keepalive = idle;
        self
    }

    pub(crate) fn apply<'a>(&self, stream: impl Into<SockRef<'a>>) -> io::Result<()> {
        let socket = stream.into();
        socket.set_tcp_nodelay(self.nodelay)?;
        match self.keepalive {
            // So they are made.
            None => Ok(()),
            Some(idle) => {
                let keepalive = TcpKeepalive::new()
                    .with_time(idle)
                    .with_interval(Self::INTERVAL)
                    .with_retries(Self::RETRIES);
                socket.set_tcp_keepalive(&keepalive)
            }
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodelay: true,
            keepalive: Some(Self::KEEPALIVE),
        }
    }
}
