//! Peers that say nothing, in virtual time.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tuyau::mem;
use tuyau_router::{Clock, Settings, Timestamp, journal::Event};
use tuyau_wire::{Level, Message, RejectCode};

use crate::support::{Peer, TestRouter, hello, key, peer::fast, stack_in, start};

/// The times that hold unless a test says otherwise.
const PING: Duration = Duration::from_secs(45);
const FRAME: Duration = Duration::from_secs(30);

/// A router in memory, with these settings changed, and the place where its peers find it.
async fn router(change: impl FnOnce(&mut Settings)) -> (TestRouter, mem::Hub) {
    let hub = mem::Hub::new();
    let router = start(|settings| {
        settings.listen = vec!["tls+mem://router".parse().unwrap()];
        settings.hub = hub.clone();
        settings.limits.ping = PING;
        settings.limits.frame = FRAME;
        let begin = Instant::now();
        settings.clock =
            Clock::new(move || Timestamp::from_millis(begin.elapsed().as_millis() as u64));
        change(settings);
    });
    (router.await, hub)
}

async fn connect(router: &TestRouter, hub: &mem::Hub, seed: u8) -> Peer {
    let stack = stack_in(seed, hub);
    let mut peer = router.greet_with(seed, &stack, hello()).await;
    // The hello has been taken when what is behind it is answered.
    pongs(&mut peer).await;
    peer
}

/// Asks the router, which answers.
async fn pongs(peer: &mut Peer) {
    peer.say(&Message::Ping { token: 9 }).await;
    let pong = peer.hear().await.expect("a pong");
    assert_eq!(Message::decode(&pong).unwrap(), Message::Pong { token: 9 });
}

/// The next ping of the router.
async fn pinged(peer: &mut Peer) -> u64 {
    let message = peer.hear().await.expect("the session goes on");
    match Message::decode(&message).unwrap() {
        Message::Ping { token } => token,
        other => panic!("expected a ping, found {}", other.name()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_gone_without_a_word_is_asked_and_then_let_go() {
    let (mut router, hub) = router(|_| {}).await;
    let begin = Instant::now();
    let mut peer = connect(&router, &hub, 1).await;
    pinged(&mut peer).await;
    let asked = begin.elapsed();
    assert!(PING <= asked && asked < 2 * PING + FRAME, "{asked:?}");
    let (code, text) = peer.ended().await.expect("it is told why");
    assert_eq!((code, begin.elapsed()), (RejectCode::Limit, asked + FRAME));
    assert_eq!(
        text,
        "expected a pong within 30s of a ping (limits.frame_seconds), which was sent because \
         nothing had come for 45s (limits.ping_seconds), found nothing; answer pings, and connect \
         again"
    );
    drop(peer);
    assert!(router.disconnected(1).await.ends_with(&text));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_stays_and_is_asked_again() {
    let (router, hub) = router(|_| {}).await;
    let mut peer = connect(&router, &hub, 1).await;
    let mut last = Instant::now();
    for round in 0..100 {
        let token = pinged(&mut peer).await;
        if round > 0 {
            assert_eq!(last.elapsed(), PING + Duration::from_secs(20));
        }
        last = Instant::now();
        // Late, and still in time.
        sleep(Duration::from_secs(20)).await;
        peer.say(&Message::Pong { token }).await;
    }
    pongs(&mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_a_peer_says_keeps_the_router_from_asking() {
    let (router, hub) = router(|_| {}).await;
    let mut peer = connect(&router, &hub, 1).await;
    let to = peer.identity();
    assert_eq!(peer.bind(0, fast(to, Level::None)).await, None);
    for _ in 0..100 {
        sleep(Duration::from_secs(40)).await;
        // It comes in two parts.
        let mut frame = Vec::new();
        Message::Ping { token: 9 }.encode_frame(&mut frame);
        peer.say_bytes(&frame[..2]).await;
        sleep(Duration::from_secs(4)).await;
        peer.say_bytes(&frame[2..]).await;
        let pong = peer.hear().await.unwrap();
        assert_eq!(Message::decode(&pong).unwrap(), Message::Pong { token: 9 });
    }
    // Then it falls silent.
    let begin = Instant::now();
    pinged(&mut peer).await;
    assert!(begin.elapsed() <= 2 * PING + FRAME);
    // A frame that was begun is a sign of life, but has its own time.
    peer.say_bytes(&[0x58]).await;
    let (_, text) = peer.ended().await.unwrap();
    assert!(
        text.starts_with("expected a whole message within 30s"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_router_that_is_not_to_ask_does_not() {
    let (router, hub) = router(|settings| settings.limits.ping = Duration::ZERO).await;
    let mut peer = connect(&router, &hub, 1).await;
    let long = Duration::from_secs(3600);
    assert!(timeout(long, peer.hear_patiently()).await.is_err());
    pongs(&mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn pongs_do_not_keep_a_session_that_the_router_dialled() {
    let (mut router, hub) = router(|settings| {
        let route = vec!["tls+mem://recipient".parse().unwrap()];
        settings.static_routes = vec![(key(2).identity(), route)];
        settings.limits.ping = Duration::from_secs(20);
    })
    .await;
    let address = "tls+mem://recipient".parse().unwrap();
    let mut listener = stack_in(2, &hub).listen(&address).await.unwrap();
    let mut sender = connect(&router, &hub, 1).await;
    assert_eq!(
        sender.bind(0, fast(key(2).identity(), Level::None)).await,
        None
    );
    sender.post(0, b"x").await;
    let mut recipient = Peer::accept(&mut listener, 2).await;
    assert_eq!(recipient.delivery().await.1, b"x");
    let begin = Instant::now();
    let mut asked = 0;
    while begin.elapsed() < Duration::from_secs(100)
        && let Some(message) = recipient.hear().await
    {
        if let Message::Ping { token } = Message::decode(&message).unwrap() {
            recipient.say(&Message::Pong { token }).await;
            asked += 1;
        }
    }
    let reason = router.event(|event| match event {
        Event::Disconnected { identity, reason } if *identity == key(2).identity() => {
            Some(reason.clone())
        }
        _ => None,
    });
    assert_eq!(reason.await, "idle");
    assert!(asked >= 1 && begin.elapsed() < Duration::from_secs(100));
}
