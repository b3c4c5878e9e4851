//! A line in which the datagrams of one flow wait for the stack to send them.

use std::{net::SocketAddr, time::Duration};

use ::smoltcp::{
    iface::{SocketHandle, SocketSet},
    phy::PacketMeta,
    socket::udp::{self, PacketBuffer, PacketMetadata, UdpMetadata},
};

use super::{backlog::listen_endpoint, frames::Frames, syn::Ends};

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
/// How long a line of a flow none of whose datagrams has left waits for a silent neighbour at least, while
/// others want its place: the answer of one that is near takes less.
pub(super) const SHORT_PATIENCE: Duration = Duration::from_millis(20);

/// A UDP socket of the stack, and whose datagrams are in it. It receives what comes to its port, too:
/// the stack gives that to any of the sockets there.
pub(super) struct Line {
    pub(super) handle: SocketHandle,
    /// Nobody's while nothing is in line.
    of: Option<Ends>,
    /// The last datagram has no bytes, so that nothing but its frame shows whether it has left.
    ends_empty: bool,
    /// None of the flow's datagrams has left before.
    is_new: bool,
    /// The flow is still there.
    is_held: bool,
    stuck: Option<Stuck>,
}

/// That no datagram leaves.
#[derive(Clone, Copy)]
struct Stuck {
    /// How many bytes are in line.
    bytes: usize,
    since: Duration,
    /// Since when it is the neighbour that is waited for, and not the device.
    unanswered: Option<Duration>,
}

/// What happens around a line, when it is looked at.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) now: Duration,
    /// What the stack has sent.
    pub(super) frames: &'a Frames,
    /// Its place is wanted for a flow that is new, too.
    pub(super) wanted: bool,
}

/// What has become of a line.
pub(super) enum Fate {
    /// Nothing was in line, or it was all given up.
    Free,
    /// All that this flow has sent has left. It is a flow that is still there.
    Left(Ends),
    /// It stands still, and is given up at this time.
    Due(Duration),
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
            is_new: false,
            is_held: false,
            stuck: None,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.of.is_none()
    }

    pub(super) fn is_of(&self, ends: Ends) -> bool {
        self.of == Some(ends)
    }

    /// Whether it is taken by a flow none of whose datagrams has left.
    pub(super) fn is_new(&self) -> bool {
        self.of.is_some() && self.is_new
    }

    /// Since when it waits for a neighbour, if it is a line for which others may lose patience.
    pub(super) fn unanswered(&self) -> Option<Duration> {
        self.stuck.filter(|_| self.is_new())?.unanswered
    }

    /// Takes it for a flow, when it is that flow's or nobody's.
    pub(super) fn take(&mut self, ends: Ends, is_new: bool) {
        if self.of != Some(ends) {
            (self.of, self.is_new) = (Some(ends), is_new);
        }
        self.is_held = true;
    }

    /// The flow was dropped.
    pub(super) fn let_go(&mut self) {
        self.is_held = false;
    }

    /// Who does not answer for now.
    pub(super) fn stuck_for(&self) -> Option<SocketAddr> {
        self.stuck.and(self.of).map(|ends| ends.remote)
    }

    pub(super) fn has_room(&self, sockets: &SocketSet<'_>) -> bool {
        sockets.get::<udp::Socket>(self.handle).can_send()
    }

    /// Puts a datagram in line, of the flow that has taken it.
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
        self.ends_empty = datagram.is_empty();
        if let Some(stuck) = &mut self.stuck {
            stuck.bytes = socket.send_queue();
        }
        Ok(())
    }

    /// Looks at it after the stack has sent.
    pub(super) fn survey(
        &mut self,
        sockets: &mut SocketSet<'_>,
        at: SocketAddr,
        around: Around<'_>,
    ) -> Fate {
        let Some(ends) = self.of else {
            return Fate::Free;
        };
        let socket = sockets.get_mut::<udp::Socket>(self.handle);
        let bytes = socket.send_queue();
        // Where the device has room for more, all that can leave has left, and not only the first.
        let frames = around.frames;
        let empty_left = || frames.has_room() && frames.have_empty(ends);
        let has_left = bytes == 0 && (!self.ends_empty || empty_left());
        if !has_left {
            let until = self.stuck_until(bytes, around);
            if around.now < until {
                return Fate::Due(until);
            }
            socket.close();
            let _ = socket.bind(listen_endpoint(at));
        }
        (self.of, self.stuck) = (None, None);
        match has_left && self.is_held {
            true => Fate::Left(ends),
            false => Fate::Free,
        }
    }

    /// When a line in which so many bytes are left is given up.
    fn stuck_until(&mut self, bytes: usize, around: Around<'_>) -> Duration {
        let known = self.stuck.filter(|before| before.bytes == bytes);
        if known.is_none() && self.stuck.is_some() {
            self.is_new = false;
        }
        let stuck = self.stuck.insert(known.unwrap_or(Stuck {
            bytes,
            since: around.now,
            unanswered: None,
        }));
        if around.frames.has_room() {
            stuck.unanswered.get_or_insert(around.now);
        }
        let soon = stuck.unanswered.filter(|_| self.is_new && around.wanted);
        let soon = soon.map(|since| since + SHORT_PATIENCE);
        soon.into_iter().fold(stuck.since + PATIENCE, Duration::min)
    }
}
