//! The device of a tunnel: packets in the clear on one side, encrypted datagrams on the other.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use defguard_boringtun::{
    noise::{Packet, Tunn, TunnResult, handshake::parse_handshake_anon, rate_limiter::RateLimiter},
    x25519,
};
use tuyau_core::{AnyDatagrams, Timer};

use super::{
    Peer, PrivateKey, PublicKey, accepting::Accepting, carriers::Carriers, status::Status,
};
use crate::smoltcp::{Device, Medium};

/// How often the timers of the peers are looked at: their periods are whole seconds.
const TICK: Duration = Duration::from_millis(250);
/// How many handshakes a second are answered before their senders have to prove their address.
const HANDSHAKES: u64 = 100;
/// How many datagrams are read in a row that bring no packet, before other tasks get their turn.
const BUDGET: usize = 64;
/// What a datagram adds to the packet in it, in bytes, and room for the padding of other
/// implementations.
const OVERHEAD: usize = 32 + 16;
/// The longest message of a handshake, in bytes.
const HANDSHAKE: usize = 148;
/// The longest datagram that may come, in bytes.
const DATAGRAM: usize = 65_535;

/// Carries IP packets inside a WireGuard tunnel; made by
/// [`Interface::start`](super::Interface::start).
pub struct TunnelDevice {
    secret: x25519::StaticSecret,
    public: x25519::PublicKey,
    limiter: Arc<RateLimiter>,
    peers: Vec<PeerState>,
    carriers: Carriers,
    accepting: Option<Box<dyn Accepting>>,
    /// A carrier for which there is no room before the others were heard.
    held: Option<AnyDatagrams>,
    status: Arc<Status>,
    timer: Arc<dyn Timer>,
    tick: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Packets for the stack.
    decrypted: VecDeque<Vec<u8>>,
    datagram: Vec<u8>,
    work: Vec<u8>,
    mtu: usize,
}

struct PeerState {
    key: PublicKey,
    noise: Tunn,
    carrier: Option<u64>,
    /// A handshake has been begun and not ended.
    trying: bool,
}

impl TunnelDevice {
    pub(super) fn new(
        private: &PrivateKey,
        peers: Vec<Peer>,
        accepting: Option<Box<dyn Accepting>>,
        mtu: usize,
        timer: Arc<dyn Timer>,
        status: Arc<Status>,
    ) -> Self {
        let secret = private.secret();
        let public = x25519::PublicKey::from(&secret);
        let limiter = Arc::new(RateLimiter::new(&public, HANDSHAKES));
        let mut carriers = Carriers::default();
        let peers = peers.into_iter().zip(0..).map(|(peer, number)| PeerState {
            key: peer.key,
            noise: Tunn::new(
                secret.clone(),
                peer.key.point(),
                peer.preshared.map(|key| key.bytes()),
                peer.keepalive,
                number,
                Some(limiter.clone()),
            ),
            carrier: peer.carrier.map(|carrier| carriers.add(carrier)),
            trying: false,
        });
        let peers = peers.collect();
        let tick = timer.sleep(timer.now());
        Self {
            secret,
            public,
            limiter,
            peers,
            carriers,
            accepting,
            held: None,
            status,
            timer,
            tick,
            decrypted: VecDeque::new(),
            datagram: vec![0; DATAGRAM],
            work: vec![0; DATAGRAM + OVERHEAD + HANDSHAKE],
            mtu,
        }
    }

    /// Runs the timers of the peers when it is time.
    fn poll_tick(&mut self, cx: &mut Context<'_>) {
        while self.tick.as_mut().poll(cx).is_ready() {
            self.tick = self.timer.sleep(self.timer.now() + TICK);
            self.limiter.reset_count();
            for (number, peer) in self.peers.iter_mut().enumerate() {
                match peer.noise.update_timers(&mut self.work) {
                    TunnResult::WriteToNetwork(message) => {
                        peer.trying |= is_initiation(message);
                        if let Some(carrier) = peer.carrier {
                            self.carriers.push(carrier, message);
                        }
                    }
                    TunnResult::Err(_) if std::mem::take(&mut peer.trying) => {
                        self.status.give_up(number);
                    }
                    _ => {}
                }
                let session = peer.noise.time_since_last_handshake().is_some();
                self.status.session(number, session);
            }
        }
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) {
        let Some(accepting) = &mut self.accepting else {
            return;
        };
        let peers = &self.peers;
        let used = |number| peers.iter().any(|peer| peer.carrier == Some(number));
        let now = self.timer.now();
        loop {
            let datagrams = match self.held.take() {
                Some(datagrams) => datagrams,
                None => match accepting.poll_next(cx, now) {
                    Poll::Ready(datagrams) => datagrams,
                    Poll::Pending => return,
                },
            };
            if let Err(datagrams) = self.carriers.admit(datagrams, used) {
                // The others are heard in this turn; it comes in with the next one.
                self.held = Some(datagrams);
                cx.waker().wake_by_ref();
                return;
            }
        }
    }

    /// Takes a datagram that came over a carrier.
    fn receive(&mut self, carrier: u64, length: usize) {
        let datagram = &self.datagram[..length];
        let address = self.carriers.address(carrier);
        let verified = self
            .limiter
            .verify_packet(address, datagram, &mut self.work);
        let message = match verified {
            Ok(message) => message,
            Err(TunnResult::WriteToNetwork(cookie)) => return self.carriers.push(carrier, cookie),
            Err(_) => return,
        };
        let Some(number) = whose(&self.peers, &self.secret, &self.public, &message) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(number) else {
            return;
        };
        let proves = !matches!(message, Packet::PacketCookieReply(_));
        let mut result = peer.noise.decapsulate(address, datagram, &mut self.work);
        if proves && is_authentic(&result) {
            // The peer is where its last authentic message came from.
            peer.carrier = Some(carrier);
        }
        loop {
            match result {
                TunnResult::WriteToNetwork(message) => {
                    self.carriers.push(carrier, message);
                    result = peer.noise.decapsulate(None, &[], &mut self.work);
                }
                TunnResult::WriteToTunnelV4(packet, source) => {
                    if self.status.is_of(number, source.into()) {
                        self.decrypted.push_back(packet.to_vec());
                    }
                    break;
                }
                TunnResult::WriteToTunnelV6(packet, source) => {
                    if self.status.is_of(number, source.into()) {
                        self.decrypted.push_back(packet.to_vec());
                    }
                    break;
                }
                TunnResult::Done | TunnResult::Err(_) => break,
            }
        }
        if peer.noise.time_since_last_handshake().is_some() {
            peer.trying = false;
            self.status.session(number, true);
        }
    }
}

/// The number of the peer that a message is from, if it tells the truth.
fn whose(
    peers: &[PeerState],
    secret: &x25519::StaticSecret,
    public: &x25519::PublicKey,
    message: &Packet<'_>,
) -> Option<usize> {
    // The upper bits of an index are the peer's number, the lower ones its sessions'.
    let number = |index: u32| usize::try_from(index >> 8).ok();
    match message {
        Packet::HandshakeInit(message) => {
            let half = parse_handshake_anon(secret, public, message).ok()?;
            let key = PublicKey::from(half.peer_static_public);
            peers.iter().position(|peer| peer.key == key)
        }
        Packet::HandshakeResponse(message) => number(message.receiver_idx),
        Packet::PacketCookieReply(message) => number(message.receiver_idx),
        Packet::PacketData(message) => number(message.receiver_idx),
    }
}

/// Whether a message was what it claims to be. A reply with a cookie says nothing about its cause.
fn is_authentic(result: &TunnResult<'_>) -> bool {
    match result {
        TunnResult::Err(_) => false,
        TunnResult::WriteToNetwork(reply) => reply.first() != Some(&3),
        _ => true,
    }
}

fn is_initiation(message: &[u8]) -> bool {
    message.first() == Some(&1)
}

impl Device for TunnelDevice {
    fn medium(&self) -> Medium {
        Medium::Ip
    }

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_tick(cx);
        self.poll_accept(cx);
        for _ in 0..BUDGET {
            while let Some(packet) = self.decrypted.pop_front() {
                // What is larger than the MTU is lost, as on any link.
                if let Some(room) = buffer.get_mut(..packet.len()) {
                    room.copy_from_slice(&packet);
                    return Poll::Ready(Ok(packet.len()));
                }
            }
            let Poll::Ready((carrier, length)) = self.carriers.poll_receive(cx, &mut self.datagram)
            else {
                self.carriers.flush(cx);
                return Poll::Pending;
            };
            self.receive(carrier, length);
        }
        self.carriers.flush(cx);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        let to = Tunn::dst_address(frame).and_then(|to| self.status.find(to));
        if let Some(peer) = to.and_then(|(number, _)| self.peers.get_mut(number))
            && let TunnResult::WriteToNetwork(message) =
                peer.noise.encapsulate(frame, &mut self.work)
        {
            peer.trying |= is_initiation(message);
            if let Some(carrier) = peer.carrier {
                self.carriers.push(carrier, message);
            }
        }
        self.carriers.flush(cx);
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for TunnelDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TunnelDevice")
            .field("peers", &self.peers.len())
            .finish_non_exhaustive()
    }
}
