//! Peers that want more than their share.

use std::time::Duration;

use tokio::{net::TcpStream, task::JoinSet};
use tuyau_core::FlowExt;
use tuyau_router::journal::Event;
use tuyau_wire::{Message, RejectCode};

use crate::support::{
    PATIENCE, Peer, TestRouter, hello, key,
    raw::{read_all, tcp},
    stack, start,
    witness::Witness,
};

/// The next refusal of connections that is told: from where, how many, and the text.
async fn refusal(router: &mut TestRouter) -> (bool, u64, String) {
    router
        .event(|event| match event {
            Event::Refused { from, count, .. } => Some((from.is_some(), *count, event.to_string())),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_thousand_connections_from_one_address_cost_it_its_places_and_nobody_else() {
    const ALL: usize = 1000;
    const PLACES: usize = 100;
    let mut router = start(|settings| {
        settings.limits.connections_per_address = PLACES;
        settings.limits.handshakes_per_second = 1_000_000;
        settings.limits.handshake = PATIENCE;
    })
    .await;
    let mut witness = Witness::new(&router).await;
    let admitted = PLACES - 2;
    let socket = router.address().socket().unwrap();
    let mut closed = JoinSet::new();
    for _ in 0..ALL {
        closed.spawn(async move {
            let mut stream = TcpStream::connect(socket).await.unwrap();
            read_all(&mut stream).await
        });
    }
    for _ in 0..ALL - admitted {
        let bytes = closed.join_next().await.unwrap().unwrap();
        assert!(bytes.is_empty(), "closed without a word");
    }
    witness.talk().await;
    assert_eq!(
        closed.len(),
        admitted,
        "the others wait for their handshake"
    );

    // The first is told at once, the others together.
    let (mut told, mut events) = (0, 0);
    while told < (ALL - admitted) as u64 {
        let (from, count, text) = refusal(&mut router).await;
        let connections = if count == 1 {
            "connection"
        } else {
            "connections"
        };
        assert_eq!(
            text,
            format!(
                "refused {count} {connections} from 127.0.0.1: limits.connections_per_address is \
                 100; raise it if these are wanted"
            )
        );
        assert!(from);
        (told, events) = (told + count, events + 1);
    }
    assert_eq!(told, (ALL - admitted) as u64);
    assert!(events < 20, "{events} entries in the journal");
    witness.check(&router).await;

    closed.abort_all();
    while closed.join_next().await.is_some() {}
    for _ in 0..admitted {
        let failed = router.event(|event| (event.name() == "handshake-failed").then_some(()));
        failed.await;
    }
    let mut newcomer = router.connect(1).await;
    assert_eq!(newcomer.send(key(100).identity(), b"x").await, None);
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn connections_in_all_are_limited() {
    let mut router = start(|settings| settings.limits.connections = 4).await;
    let mut witness = Witness::new(&router).await;
    let (first, place) = tcp(&router).await;
    let (_second, _) = tcp(&router).await;
    let (mut third, _) = tcp(&router).await;
    assert_eq!(read_all(&mut third).await, []);
    let (from, _, text) = refusal(&mut router).await;
    assert_eq!(
        text,
        "refused 1 connection: limits.connections is 4; raise it if these are wanted"
    );
    assert!(!from);
    witness.check(&router).await;
    drop(first);
    router.handshake_failed(&place).await;
    router.connect(1).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn a_router_does_not_dial_above_its_limit_of_connections() {
    let mut router = start(|settings| settings.limits.connections = 3).await;
    let mut witness = Witness::new(&router).await;
    let mut absent = router.connect(1).await;
    let record = absent.record("tls://127.0.0.1:9");
    assert_eq!(absent.listen(record).await, None);
    drop(absent);
    router.disconnected(1).await;
    let mut sender = router.connect(2).await;
    sender.handle(key(1).identity()).await;
    witness.note(&router).await;
    let (code, _) = sender.send(key(1).identity(), b"x").await.unwrap();
    assert_eq!(code, RejectCode::Unreachable);
    let reason = router.event(|event| match event {
        Event::Unreachable { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    let reason = reason.await;
    assert_eq!(
        reason,
        "no connection is free for it, limits.connections is 3"
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn handshakes_in_a_second_are_limited() {
    // All of these come from one address, which gets a quarter.
    let mut router = start(|settings| settings.limits.handshakes_per_second = 12).await;
    let mut witness = Witness::new(&router).await;
    let mut streams = Vec::new();
    for _ in 0..60 {
        streams.push(tcp(&router).await);
    }
    let (from, _, text) = refusal(&mut router).await;
    assert_eq!(
        text,
        "refused 1 connection from 127.0.0.1: limits.handshakes_per_second is 12, a quarter of \
         which one address gets; raise it if these are wanted"
    );
    assert!(from);
    witness.check(&router).await;
    drop(streams);
    let stack = stack(1);
    let admitted = async { while router.try_connect(1, &stack).await.is_err() {} };
    tokio::time::timeout(PATIENCE, admitted).await.unwrap();
    witness.check(&router).await;
}

#[tokio::test]
async fn a_peer_that_never_reads_its_answers_is_closed() {
    let mut router = start(|settings| {
        settings.limits.queue_bytes = 64 * 1024;
        // Longer than TCP takes to send again what a full buffer had no room for.
        settings.limits.frame = Duration::from_secs(2);
    })
    .await;
    let mut witness = Witness::new(&router).await;
    let mut peer = router.connect(1).await;
    // To itself, so that the buffers of the system are soon full of what it does not read.
    let handle = peer.handle(key(1).identity()).await;
    let flood = tokio::spawn(async move {
        let body = &[7; 4096];
        loop {
            let (sequence, mut bytes) = (peer.next(), Vec::new());
            Message::Send {
                handle,
                sequence,
                body,
            }
            .encode_frame(&mut bytes);
            if peer.flow.write_all(&bytes).await.is_err() {
                break;
            }
        }
    });
    witness.talk().await;
    let told = router.disconnected(1).await;
    let identity = key(1).identity();
    assert_eq!(
        told,
        format!(
            "disconnected {identity}: it does not read: nothing of what waits for it was taken \
             within 2s (limits.frame_seconds)"
        )
    );
    flood.await.unwrap();
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn a_recipient_that_does_not_read_congests_nobody_but_itself() {
    let mut router = start(|settings| settings.limits.queue_bytes = 256 * 1024).await;
    let mut witness = Witness::new(&router).await;
    let (mut sender, mut recipient) = (router.connect(1).await, router.connect(2).await);
    let body = vec![7; 64 * 1024];
    let mut delivered = 0;
    let (code, text) = loop {
        match sender.send(key(2).identity(), &body).await {
            None => delivered += 1,
            Some(refused) => break refused,
        }
    };
    let to = key(2).identity();
    assert_eq!(code, RejectCode::Congested);
    assert_eq!(
        text,
        format!("{to} does not take messages as fast as they come; wait for credit and send again")
    );
    assert!(router.rejected(1).await.ends_with(&text));
    witness.note(&router).await;
    witness.check(&router).await;

    for _ in 0..delivered {
        assert_eq!(
            recipient.delivery().await,
            (key(1).identity(), body.clone())
        );
    }
    assert_eq!(sender.send(to, b"again").await, None);
    assert_eq!(recipient.delivery().await.1, b"again");
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn many_flooding_sessions_do_not_starve_another() {
    let router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let mut floods = JoinSet::new();
    for seed in 1..=8 {
        let mut peer = router.connect(seed).await;
        peer.handle(key(9).identity()).await;
        floods.spawn(flood(peer));
    }
    witness.note(&router).await;
    for _ in 0..50 {
        witness.talk().await;
    }
    floods.abort_all();
    while floods.join_next().await.is_some() {}
    witness.check(&router).await;
}

/// Sends to nobody without a pause, and reads the answers.
async fn flood(mut peer: Peer) {
    let handle = peer.handle(key(9).identity()).await;
    loop {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            let (sequence, body) = (peer.next(), &b""[..]);
            Message::Send {
                handle,
                sequence,
                body,
            }
            .encode_frame(&mut bytes);
        }
        peer.say_bytes(&bytes).await;
        assert_eq!(peer.answer().await.unwrap().0, RejectCode::Unreachable);
    }
}

#[tokio::test]
async fn a_body_that_the_recipient_does_not_accept_is_refused() {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let mut sender = router.connect(1).await;
    let hello = hello().with_max_frame(4096).unwrap();
    let mut recipient = router.connect_with(2, hello).await;
    // The recipient's hello is handled when the router has answered something after it.
    assert_eq!(recipient.send(key(100).identity(), b"x").await, None);
    witness.note(&router).await;
    let handle = sender.handle(key(2).identity()).await;
    witness.note(&router).await;
    sender.post(handle, &[7; 5000]).await;
    let refused = sender.answer().await;
    let text = "the recipient accepts messages of at most 4096 bytes";
    assert_eq!(refused, Some((RejectCode::TooLarge, text.into())));
    assert!(router.rejected(1).await.ends_with(text));
    witness.check(&router).await;
}

#[tokio::test]
async fn what_waits_for_a_dial_is_bounded_for_each_sender() {
    let router = start(|settings| {
        settings.limits.queue_bytes = 100_000;
        settings.limits.credit_bytes = 1_000_000;
    })
    .await;
    let mut witness = Witness::new(&router).await;
    // Nobody accepts there, but the system completes the connection: the dial waits for TLS.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut absent = router.connect(1).await;
    let route = format!("tls://{}", deaf.local_addr().unwrap());
    let record = absent.record(&route);
    assert_eq!(absent.listen(record).await, None);
    absent.flow.close_write().await.unwrap();
    assert_eq!(absent.try_hear().await, Ok(None));
    witness.note(&router).await;
    let (mut flooder, mut other) = (router.connect(2).await, router.connect(3).await);
    let (to, body) = (key(1).identity(), &[7; 30_000]);
    let handle = flooder.handle(to).await;
    let other_handle = other.handle(to).await;
    witness.note(&router).await;
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.push(flooder.post(handle, body).await);
    }
    let (code, text) = flooder.answer().await.unwrap();
    assert_eq!(code, RejectCode::Congested);
    assert!(text.contains("send again later"), "{text}");
    witness.check(&router).await;
    // Another sender has a budget of its own, and all get their answer when the dial fails.
    other.post(other_handle, body).await;
    drop(deaf);
    assert_eq!(other.answer().await.unwrap().0, RejectCode::Unreachable);
    for sequence in &sent[..3] {
        let refused = flooder.answer_to(*sequence).await.unwrap();
        assert_eq!(refused.0, RejectCode::Unreachable);
    }
    witness.check(&router).await;
}
