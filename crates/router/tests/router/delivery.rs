//! What a router is for, over real sockets and TLS.

use tuyau_core::Listener;
use tuyau_router::{Settings, Source, journal::Event};
use tuyau_wire::{Message, RejectCode};

use crate::support::{Peer, key, listen, start};

#[tokio::test]
async fn delivers_from_one_key_to_another() {
    let router = start(|_| {}).await;
    let (mut sender, mut recipient) = (router.connect(1).await, router.connect(2).await);
    let route = recipient.record("tls://127.0.0.1:9");
    assert_eq!(recipient.listen(route).await, None);
    assert_eq!(sender.send(key(2).identity(), b"hello").await, None);
    assert_eq!(
        recipient.delivery().await,
        (key(1).identity(), b"hello".to_vec())
    );
    let (processed, table) = router.state().await;
    assert_eq!((processed, table), (3, vec![key(2).identity()]));
}

#[tokio::test]
async fn greets_over_the_registered_route_and_hears_the_answer() {
    let mut router = start(|settings| settings.greeting = Some("hi there".into())).await;
    let mut listener = listen(1).await;
    let mut service = router.connect(1).await;
    let record = service.record(&listener.address().to_string());
    assert_eq!(service.listen(record).await, None);
    let mut reached = Peer::accept(&mut listener, 1).await;
    assert_eq!(
        reached.delivery().await,
        (key(100).identity(), b"hi there".to_vec())
    );
    assert_eq!(reached.send(key(100).identity(), b"hello back").await, None);
    let answer = router.event(|event| match event {
        Event::Received { from, text } => Some((*from, text.clone())),
        _ => None,
    });
    assert_eq!(answer.await, (key(1).identity(), "hello back".to_owned()));
}

#[tokio::test]
async fn dials_a_recipient_that_is_not_connected() {
    let router = start(|_| {}).await;
    let mut listener = listen(2).await;
    let mut recipient = router.connect(2).await;
    let record = recipient.record(&listener.address().to_string());
    assert_eq!(recipient.listen(record).await, None);
    drop(recipient);
    let mut sender = router.connect(1).await;
    let (sent, mut reached) = tokio::join!(
        sender.send(key(2).identity(), b"are you there?"),
        Peer::accept(&mut listener, 2)
    );
    assert_eq!(sent, None);
    assert_eq!(
        reached.delivery().await,
        (key(1).identity(), b"are you there?".to_vec())
    );
}

#[tokio::test]
async fn a_route_that_proves_another_key_gets_nothing() {
    let mut router = start(|settings| settings.greeting = Some("hi there".into())).await;
    let listener = listen(3).await;
    let mut service = router.connect(2).await;
    let record = service.record(&listener.address().to_string());
    let accept = tokio::spawn(async move {
        let mut listener = listener;
        use tuyau_core::ListenerExt;
        listener.accept().await.unwrap().handshake.await.map(|_| ())
    });
    assert_eq!(service.listen(record).await, None);
    let reason = router.event(|event| match event {
        Event::Unreachable { identity, reason } if *identity == key(2).identity() => {
            Some(reason.clone())
        }
        _ => None,
    });
    let reason = reason.await;
    assert!(reason.contains("tls"), "{reason}");
    // In TLS 1.3 the server may finish before the client refuses its key.
    let _ = accept.await.unwrap();
}

#[tokio::test]
async fn unknown_recipients_are_unreachable_at_once() {
    let router = start(|_| {}).await;
    let mut sender = router.connect(1).await;
    let (code, text) = sender.send(key(9).identity(), b"x").await.unwrap();
    assert_eq!(code, RejectCode::Unreachable);
    assert!(text.contains("has registered no route"), "{text}");
}

#[tokio::test]
async fn keeps_its_state_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let in_dir = |settings: &mut Settings| settings.state_dir = Some(dir.path().to_owned());
    let router = start(in_dir).await;
    let mut service = router.connect(1).await;
    let record = service.record("tls://127.0.0.1:9");
    assert_eq!(service.listen(record).await, None);
    let before = router.state().await;
    drop(service);
    router.router.stop().await;
    let router = start(in_dir).await;
    assert_eq!(router.state().await, before);
}

#[tokio::test]
async fn restores_what_was_saved() {
    let router = start(|settings| {
        let route = vec!["tls://192.0.2.1:1".parse().unwrap()];
        settings.static_routes = vec![(key(50).identity(), route)];
    })
    .await;
    let mut service = router.connect(1).await;
    let record = service.record("tls://127.0.0.1:9");
    assert_eq!(service.listen(record).await, None);
    let before = router.router.view(0, 10).await.unwrap();
    let snapshot = router.router.save().await.unwrap();
    assert_eq!(service.unlisten().await, None);
    assert_ne!(router.router.view(0, 10).await.unwrap(), before);
    router.router.restore(&snapshot).await.unwrap();
    assert_eq!(router.router.view(0, 10).await.unwrap(), before);
    assert!(before.rows.iter().any(|row| row.source == Source::Static));
}

#[tokio::test]
async fn tells_its_peers_when_it_stops() {
    let router = start(|_| {}).await;
    let mut peer = router.connect(1).await;
    assert_eq!(peer.send(key(100).identity(), b"x").await, None);
    let ended = async move { peer.ended().await };
    let (_, ended) = tokio::join!(router.router.stop(), ended);
    assert_eq!(ended.unwrap().0, RejectCode::ShuttingDown);
}

#[tokio::test]
async fn many_frames_in_one_write_are_all_answered() {
    let router = start(|_| {}).await;
    let mut peer = router.connect(1).await;
    let handle = peer.handle(key(100).identity()).await;
    let mut bytes = Vec::new();
    for _ in 0..1000 {
        let (sequence, body) = (peer.next(), &b"x"[..]);
        Message::Send {
            handle,
            sequence,
            body,
        }
        .encode_frame(&mut bytes);
    }
    peer.say_bytes(&bytes).await;
    assert_eq!(peer.answer().await, None);
    assert_eq!(router.state().await.0, 1001);
}
