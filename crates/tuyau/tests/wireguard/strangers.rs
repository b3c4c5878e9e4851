//! Who is no peer, and what keeps such from doing harm.

use std::{
    any::{Any, TypeId},
    collections::VecDeque,
    convert::Infallible,
    future::{Future, pending, poll_fn, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use tokio::sync::Notify;
use tuyau::{mem, tokio::TokioTimer, wireguard::Tunnel};
use tuyau_core::{
    Address, BoxHandshake, Datagrams, DatagramsExt, FlowError, Incoming, Listener, Origin,
    PeerAddress,
};

use crate::support::{dial, interface, key, listen, peer, start};

/// An end of an exchange that counts the handshakes which it begins, and says where it is.
struct Watched {
    inner: mem::Datagrams,
    begun: Arc<AtomicUsize>,
    sent: Arc<Notify>,
    address: Option<PeerAddress>,
}

impl Watched {
    fn new(inner: mem::Datagrams) -> Self {
        Self {
            inner,
            begun: Arc::default(),
            sent: Arc::default(),
            address: None,
        }
    }

    fn from(inner: mem::Datagrams, address: &str) -> Self {
        let address = Some(PeerAddress(address.parse().unwrap()));
        Self {
            address,
            ..Self::new(inner)
        }
    }
}

impl Datagrams for Watched {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        if datagram.first() == Some(&1) {
            self.begun.fetch_add(1, Ordering::Relaxed);
            self.sent.notify_one();
        }
        self.inner.poll_send(cx, datagram)
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.inner.poll_receive(cx, buffer)
    }

    fn max_size(&self) -> usize {
        self.inner.max_size()
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        let address = self.address.as_ref().map(|address| address as &dyn Any);
        address.filter(|_| want == TypeId::of::<PeerAddress>())
    }
}

type Handshake = BoxHandshake<Watched, Infallible>;

/// A listener at which all who will come are there already.
struct Crowd(VecDeque<Handshake>, Address);

impl Crowd {
    fn new(handshakes: impl IntoIterator<Item = Handshake>) -> Self {
        let address = "mem://crowd".parse().unwrap();
        Self(handshakes.into_iter().collect(), address)
    }
}

impl Listener for Crowd {
    type Flow = Watched;
    type Error = Infallible;
    type Handshake = Handshake;

    fn poll_accept(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Handshake>, Infallible>> {
        match self.0.pop_front() {
            None => Poll::Pending,
            Some(handshake) => Poll::Ready(Ok(Incoming {
                origin: Origin::Local("crowd"),
                handshake,
            })),
        }
    }

    fn address(&self) -> &Address {
        &self.1
    }
}

fn come(datagrams: Watched) -> Handshake {
    Box::pin(ready(Ok(datagrams)))
}

/// A peer that has begun its handshake already, what it comes by, how many it has begun, and its hub
/// without what it listens at.
async fn begun() -> (
    tokio::task::JoinHandle<bool>,
    Handshake,
    Arc<AtomicUsize>,
    tuyau::wireguard::Interface,
) {
    let (hub_key, spoke_key) = (key(), key());
    let (near, far) = mem::datagram_pair();
    let near = Watched::new(near);
    let (count, sent) = (near.begun.clone(), near.sent.clone());
    let to_hub = peer(hub_key.public_key(), "10.7.0.254/32").over(near);
    let spoke = start(interface(&spoke_key, "10.7.0.1/24").peer(to_hub));
    let dialling = tokio::spawn(async move { dial(&spoke, "10.7.0.254:80").await.is_ok() });
    sent.notified().await;
    let hub = interface(&hub_key, "10.7.0.254/24");
    let hub = hub.peer(peer(spoke_key.public_key(), "10.7.0.1/32"));
    (dialling, come(Watched::new(far)), count, hub)
}

/// Bad input: senders that are no peers, more than are kept.
#[tokio::test]
async fn a_handshake_is_read_before_strangers_can_take_its_place() {
    let (dialling, carrier, count, hub) = begun().await;
    let (strangers, ends): (Vec<_>, Vec<_>) = (0..200).map(|_| mem::datagram_pair()).unzip();
    let strangers = strangers.into_iter().map(|it| come(Watched::new(it)));
    let hub = start(hub.listen(Crowd::new([carrier].into_iter().chain(strangers))));
    let _listener = listen(&hub, "10.7.0.254:80");
    assert!(dialling.await.unwrap());
    assert_eq!(count.load(Ordering::Relaxed), 1, "it had to begin again");
    drop(ends);
}

/// Bad input: carriers that never come to the end of their own handshakes.
#[tokio::test(start_paused = true)]
async fn carriers_that_stop_in_their_handshake_make_room_after_a_while() {
    let (dialling, carrier, _, hub) = begun().await;
    let stuck = (0..64).map(|_| Box::pin(pending()) as Handshake);
    let hub = start(hub.listen(Crowd::new(stuck.chain([carrier]))));
    let _listener = listen(&hub, "10.7.0.254:80");
    assert!(dialling.await.unwrap());
}

/// Bad input: one host with many ports.
#[tokio::test]
async fn one_address_takes_no_places_from_others() {
    let hub_key = key();
    let (quiet, mut quiet_end) = mem::datagram_pair();
    let (crowd, mut ends): (Vec<_>, Vec<_>) = (0..100).map(|_| mem::datagram_pair()).unzip();
    let crowd = crowd.into_iter().zip(1..);
    let crowd = crowd
        .map(|(it, port): (_, u16)| come(Watched::from(it, &format!("udp://10.0.0.2:{port}"))));
    let quiet = come(Watched::from(quiet, "udp://10.0.0.1:1"));
    let crowd = Crowd::new([quiet].into_iter().chain(crowd));
    let _hub: Tunnel = start(interface(&hub_key, "10.7.0.254/24").listen(crowd));
    // The first ones are gone once there are too many, whatever is limited.
    while ends[20].send(b"?").await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(quiet_end.send(b"?").await.is_ok());
    assert!(ends[99].send(b"?").await.is_ok());
}

/// A carrier on which there is always something to read, and nothing in it.
struct Endless(Arc<AtomicUsize>);

impl Datagrams for Endless {
    fn poll_send(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_receive(
        &mut self,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        if self.0.fetch_add(1, Ordering::Relaxed) >= 100_000 {
            return Poll::Pending;
        }
        buffer[..4].copy_from_slice(&[4, 0, 0, 0]);
        Poll::Ready(Ok(4))
    }

    fn max_size(&self) -> usize {
        65_507
    }
}

/// Bad input: datagrams without end that bring nothing.
#[tokio::test]
async fn a_flood_of_datagrams_leaves_other_tasks_their_turn() {
    let count = Arc::<AtomicUsize>::default();
    let flooding = peer(key().public_key(), "10.7.0.1/32").over(Endless(count.clone()));
    let interface = interface(&key(), "10.7.0.254/24").peer(flooding);
    let (_tunnel, driver) = interface.start(TokioTimer::new()).unwrap();
    let mut driver = pin!(driver);
    let once = poll_fn(|cx| Poll::Ready(driver.as_mut().poll(cx))).await;
    assert!(once.is_pending());
    let read = count.load(Ordering::Relaxed);
    assert!((1..1000).contains(&read), "{read} datagrams in one turn");
    // And it goes on with its next one.
    poll_fn(|cx| {
        assert!(driver.as_mut().poll(cx).is_pending());
        match count.load(Ordering::Relaxed) > read {
            true => Poll::Ready(()),
            // It has woken this task.
            false => Poll::Pending,
        }
    })
    .await;
}
