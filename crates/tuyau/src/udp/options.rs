//! Limits of listening sockets.

/// What a listener keeps for its peers at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub(super) peers: usize,
    pub(super) queued: usize,
}

impl Options {
    /// How many peers there may be at a time, unless told otherwise.
    pub const PEERS: usize = 4096;
    /// How many bytes may wait to be received in all, unless told otherwise: 16 MiB.
    pub const QUEUED: usize = 16 * 1024 * 1024;

    /// Sets how many peers there may be at a time, those that wait to be accepted included. Beyond
    /// that the newest is not heard: what it sends is dropped, and it becomes a peer with the first
    /// datagram after a flow was dropped. A peer that is there keeps its place however long it is
    /// silent, so drop the flows of those that are silent for too long.
    pub fn peers(mut self, peers: usize) -> Self {
        self.peers = peers;
        self
    }

    /// Sets how many bytes of all peers may wait to be received. A quarter of them is for peers that
    /// wait to be accepted, so that strangers take nothing from the others. Where nothing waits in
    /// one of these two shares, it takes one datagram of any size: so there may be two datagrams more
    /// than `bytes`, of less than 64 KiB each. What comes beyond is dropped, as it is beyond the
    /// [`QUEUE`](super::QUEUE) of one peer; when it would be the first of a new peer, that one is not
    /// heard.
    pub fn queued(mut self, bytes: usize) -> Self {
        self.queued = bytes;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            peers: Self::PEERS,
            queued: Self::QUEUED,
        }
    }
}
