//! What carries the frames of a stack.

use std::{
    io,
    task::{Context, Poll},
};

/// What carries frames between a [`Network`](super::Network) and the world: a wire in memory, a TAP
/// device, a tunnel.
///
/// It is polled by the network's [`Driver`](super::Driver) alone, and by one task at a time.
///
/// # Rules
///
/// - One call sends or receives one frame.
/// - `Pending` registers the task's waker, for each of the two directions on its own.
/// - A frame that cannot be delivered is dropped, as a network does; an error is for a device that is
///   gone for good, and ends the driver.
pub trait Device: Send + 'static {
    /// What a frame is. It does not change.
    fn medium(&self) -> Medium;

    /// The largest IP packet that a frame holds, in bytes, without any header of the medium: 576 to
    /// 65,535, and at least 1,280 where IPv6 is spoken (RFC 8200, section 5). It does not change.
    fn mtu(&self) -> usize;

    /// Whether what is sent comes back, and is received from this host itself. It does not change. On
    /// any other device a packet that says it comes from one of the network's own addresses, or from
    /// `127.0.0.0/8` or `::1`, is forged, and dropped.
    fn is_loopback(&self) -> bool {
        false
    }

    /// Receives a frame into `buffer`, which has room for the largest, and gives its length in bytes.
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Sends a frame.
    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>>;
}

/// What a frame of a [`Device`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    /// An Ethernet frame without its check sequence; neighbours are found by ARP and by neighbour
    /// discovery.
    Ethernet,
    /// An IP packet; there is nobody but the peer at the other end.
    Ip,
}

impl Medium {
    /// The length of the medium's own header, in bytes.
    pub fn header(self) -> usize {
        match self {
            Self::Ethernet => 14,
            Self::Ip => 0,
        }
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn medium(&self) -> Medium {
        (**self).medium()
    }

    fn mtu(&self) -> usize {
        (**self).mtu()
    }

    fn is_loopback(&self) -> bool {
        (**self).is_loopback()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        (**self).poll_receive(cx, buffer)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        (**self).poll_send(cx, frame)
    }
}
