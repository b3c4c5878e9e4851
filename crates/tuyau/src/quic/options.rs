//! Options of QUIC connections.

use std::{sync::Arc, time::Duration};

use quinn::{IdleTimeout, TransportConfig, VarInt};

/// Options of QUIC connections, the same for dialled and accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    idle: Duration,
    keepalive: Option<Duration>,
    streams: u32,
}

impl Options {
    /// How long a peer may be silent before it counts as gone, unless told otherwise.
    pub const IDLE: Duration = Duration::from_secs(30);
    /// How often something is sent on an idle connection, unless told otherwise: three times before
    /// the peer gives up.
    pub const KEEPALIVE: Duration = Duration::from_secs(10);
    /// How many streams a peer may have open at once, unless told otherwise.
    pub const STREAMS: u32 = 100;

    /// Sets how long a peer may be silent before the connection counts as lost, also while
    /// connecting: 1 ms to 10 minutes, what is outside is brought inside. The shorter time of the
    /// two sides counts.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle.clamp(Duration::from_millis(1), Duration::from_secs(600));
        self
    }

    /// Sets how often an idle connection sends something so that neither the peer nor a NAT on the way
    /// forgets it, or `None` for never: idle flows then end with the idle time.
    pub fn keepalive(mut self, interval: Option<Duration>) -> Self {
        self.keepalive = interval;
        self
    }

    /// Sets how many streams the peer may have open at once on one connection.
    pub fn streams(mut self, streams: u32) -> Self {
        self.streams = streams;
        self
    }

    /// How many bytes of a connection's streams may wait to be read, in all: 8 MiB.
    pub const WINDOW: u32 = 8 * 1024 * 1024;

    pub(super) fn transport(&self) -> Arc<TransportConfig> {
        let millis = u32::try_from(self.idle.as_millis()).unwrap_or(u32::MAX);
        let mut config = TransportConfig::default();
        config
            .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(millis))))
            .keep_alive_interval(self.keepalive)
            .receive_window(VarInt::from_u32(Self::WINDOW))
            .max_concurrent_bidi_streams(VarInt::from_u32(self.streams))
            .max_concurrent_uni_streams(VarInt::from_u32(0));
        Arc::new(config)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            idle: Self::IDLE,
            keepalive: Some(Self::KEEPALIVE),
            streams: Self::STREAMS,
        }
    }
}
