//! A line in which the datagrams of one flow wait for the stack to send them.

use std::{net::SocketAddr, time::Duration};

use ::smoltcp::{
    iface::{SocketHandle, SocketSet},
    phy::PacketMeta,
    socket::udp::{self, PacketBuffer, PacketMetadata, UdpMetadata},
};

use super::{backlog::listen_endpoint, syn::Ends};

/// How many datagrams are in a line at most.
const SENDING: usize = 32;
/// How many bytes of them, where the MTU is not larger.
const SENDING_BYTES: usize = 16 * 1024;
/// How many datagrams wait in the stack to be handed out, which they are after each frame.
const RECEIVING: usize = 4;
/// How long a line stands still before all that is in it is dropped, as when the neighbour is silent.
/// It begins anew with each datagram that leaves, and not with one that joins: who goes on sending to a
/// silent neighbour loses what is old, and does not keep it.
const PATIENCE: Duration = Duration::from_secs(3);

/// A UDP socket of the stack, and whose datagrams are in it. It receives what comes to its port, too:
/// the stack gives that to any of the sockets there.
pub(super) struct Line {
    pub(super) handle: SocketHandle,
    /// Nobody's while nothing is in line.
    of: Option<Ends>,
    /// The last datagram has no bytes, so that it cannot be seen whether it has left.
    ends_empty: bool,
    /// How many bytes are in line, and since when no datagram has left.
    stuck: Option<(usize, Duration)>,
}

impl Line {
    pub(super) fn open(sockets: &mut SocketSet<'static>, at: SocketAddr, mtu: usize) -> Self {
        let buffer = |count, bytes: usize| {
            let room = vec![0; bytes.max(mtu)];
            PacketBuffer::new(vec![PacketMetadata::EMPTY; count], room)
        };
        let sending = buffer(SENDING, SENDING_BYTES);
        let mut socket = udp::Socket::new(buffer(RECEIVING, 0), sending);
        // The port is not 0, and the socket is new.
        let _ = socket.bind(listen_endpoint(at));
        Self {
            handle: sockets.add(socket),
            of: None,
            ends_empty: false,
            stuck: None,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.of.is_none()
    }

    pub(super) fn is_of(&self, ends: Ends) -> bool {
        self.of == Some(ends)
    }

    /// Who does not answer for now.
    pub(super) fn stuck_for(&self) -> Option<SocketAddr> {
        self.stuck.and(self.of).map(|ends| ends.remote)
    }

    pub(super) fn has_room(&self, sockets: &SocketSet<'_>) -> bool {
        sockets.get::<udp::Socket>(self.handle).can_send()
    }

    /// Puts a datagram in line, which is this flow's or nobody's.
    pub(super) fn push(
        &mut self,
        sockets: &mut SocketSet<'_>,
        ends: Ends,
        datagram: &[u8],
    ) -> Result<(), udp::SendError> {
        let to = UdpMetadata {
            endpoint: ends.remote.into(),
            local_address: Some(ends.local.ip().into()),
            meta: PacketMeta::default(),
        };
        let socket = sockets.get_mut::<udp::Socket>(self.handle);
        socket.send_slice(datagram, to)?;
        self.of = Some(ends);
        self.ends_empty = datagram.is_empty();
        if let Some((bytes, _)) = &mut self.stuck {
            *bytes = socket.send_queue();
        }
        Ok(())
    }

    /// Looks at it after the stack has sent, and gives when it is given up if it stands still.
    pub(super) fn survey(
        &mut self,
        sockets: &mut SocketSet<'_>,
        at: SocketAddr,
        now: Duration,
    ) -> Option<Duration> {
        self.of?;
        let socket = sockets.get_mut::<udp::Socket>(self.handle);
        let bytes = socket.send_queue();
        if bytes > 0 || self.ends_empty {
            let known = self.stuck.filter(|(before, _)| *before == bytes);
            let (_, since) = *self.stuck.insert(known.unwrap_or((bytes, now)));
            if now < since + PATIENCE {
                return Some(since + PATIENCE);
            }
            socket.close();
            let _ = socket.bind(listen_endpoint(at));
        }
        (self.of, self.stuck) = (None, None);
        None
    }
}
