//! Streams and datagrams of one connection.

use std::time::Duration;

use tuyau::{quic, tls};
use tuyau_core::{
    AnyFlow, Attempt, DatagramsExt, ErrorKind, Flow, FlowExt, Listener, ListenerExt, LocalAddress,
    PeerAddress, Protocol,
};

use crate::support::{acceptor, connector, key, listen, pair, shake};

async fn read_to_end(flow: &mut impl Flow) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
    loop {
        match flow.read(&mut buffer).await.unwrap() {
            0 => return all,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

#[tokio::test]
async fn both_sides_know_each_other_and_the_connection() {
    let (near, far) = pair().await;
    let (near, far) = (AnyFlow::new(near), AnyFlow::new(far));
    assert_eq!(near.info::<PeerAddress>().unwrap().0.scheme(), "quic");
    let far_is = &far.info::<LocalAddress>().unwrap().0;
    assert_eq!(&near.info::<PeerAddress>().unwrap().0, far_is);
    assert_ne!(near.info::<tls::PeerKey>(), far.info::<tls::PeerKey>());
    for side in [near, far] {
        assert!(side.info::<tls::PeerKey>().is_some());
        let form = side.info::<tls::CertificateForm>();
        assert_eq!(form, Some(&tls::CertificateForm::RawKey));
        let negotiated = side.info::<tls::Negotiated>().unwrap();
        assert_eq!(negotiated.alpn.as_deref(), Some(quic::ALPN.as_bytes()));
        assert!(side.info::<quic::Connection>().is_some());
        assert!(side.find::<quic::Flow>().is_some());
    }
}

#[tokio::test]
async fn keys_travel_in_certificates_too_and_alpn_is_agreed_on() {
    let (alice, bob) = (key(), key());
    let set = |key: &tls::KeyPair| {
        let settings = tls::Settings::new(key.clone()).alpn(["one", "two"]);
        settings.form(tls::CertificateForm::X509)
    };
    let connector = set(&alice).alpn(["two"]).connector().unwrap();
    let acceptor = set(&bob).acceptor().unwrap();
    let peer = tls::Peer::key(bob.public_key());
    let (near, far) = shake(connector, peer, &acceptor).await;
    let near = AnyFlow::new(near.unwrap());
    let far = AnyFlow::new(far.unwrap());
    assert_eq!(near.info::<tls::PeerKey>().unwrap().0, bob.public_key());
    assert_eq!(far.info::<tls::PeerKey>().unwrap().0, alice.public_key());
    for side in [near, far] {
        let negotiated = side.info::<tls::Negotiated>().unwrap();
        assert_eq!(negotiated.alpn.as_deref(), Some(&b"two"[..]));
        assert!(side.info::<tls::PeerCertificates>().is_some());
    }
}

#[tokio::test]
async fn a_connection_gives_more_streams_and_datagrams() {
    let (mut near, mut far) = pair().await;
    let mut second = near.connection().open().await.unwrap();
    second.write_all(b"second").await.unwrap();
    second.close_write().await.unwrap();
    near.write_all(b"first").await.unwrap();
    near.close_write().await.unwrap();
    // Streams come in the order in which they were opened, whichever has bytes first.
    assert_eq!(read_to_end(&mut far).await, b"first");
    let mut other = far.connection().accept().await.unwrap();
    assert_eq!(read_to_end(&mut other).await, b"second");

    // Either side opens streams.
    let mut third = far.connection().open().await.unwrap();
    third.write_all(b"third").await.unwrap();
    third.close_write().await.unwrap();
    let mut back = near.connection().accept().await.unwrap();
    assert_eq!(read_to_end(&mut back).await, b"third");

    let mut here = near.connection().datagrams().unwrap();
    let mut there = far.connection().datagrams().unwrap();
    here.send(b"datagram").await.unwrap();
    let mut buffer = [0; 100];
    let length = there.receive(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"datagram");
}

#[tokio::test]
async fn what_was_written_arrives_although_the_flow_was_dropped() {
    let (mut near, mut far) = pair().await;
    let bytes = vec![7; 100_000];
    near.write_all(&bytes).await.unwrap();
    near.close_write().await.unwrap();
    drop(near);
    assert!(read_to_end(&mut far).await == bytes);
}

#[tokio::test]
async fn what_was_written_arrives_although_a_thread_without_a_runtime_dropped_the_flow() {
    let (mut near, mut far) = pair().await;
    let bytes = vec![7; 100_000];
    near.write_all(&bytes).await.unwrap();
    near.close_write().await.unwrap();
    std::thread::spawn(|| drop(near)).join().unwrap();
    assert!(read_to_end(&mut far).await == bytes);
}

#[tokio::test]
async fn the_connection_ends_with_its_last_flow() {
    let (mut near, mut far) = pair().await;
    near.write_all(b"x").await.unwrap();
    far.read_exact(&mut [0]).await.unwrap();
    let connection = far.connection().clone();
    let second = near.connection().open().await.unwrap();
    near.close_write().await.unwrap();
    drop(near);
    assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
    drop(second);
    // It was opened and dropped; the peer hears that it was reset, or of the end of all.
    let error = loop {
        match connection.accept().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), quic::Kind::Closed);
    assert_eq!(
        error.to_string(),
        "the peer closed the connection before the end of the stream"
    );
}

#[tokio::test]
async fn a_dropped_stream_is_cut_and_not_ended_although_the_connection_lives_on() {
    let (mut near, mut far) = pair().await;
    near.write_all(b"half").await.unwrap();
    far.read_exact(&mut [0; 4]).await.unwrap();
    let connection = near.connection().clone();
    drop(near);
    for _ in 0..2 {
        let error = far.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(
            source.to_string(),
            "the peer dropped this stream without having ended it"
        );
    }
    // And nobody takes what it writes.
    let error = loop {
        if let Err(error) = far.write_all(&[0; 1024]).await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(error.kind(), ErrorKind::Reset);
    let mut second = connection.open().await.unwrap();
    second.write_all(b"alive").await.unwrap();
    second.close_write().await.unwrap();
    let mut other = far.connection().accept().await.unwrap();
    assert_eq!(read_to_end(&mut other).await, b"alive");
}

#[tokio::test]
async fn an_aborted_stream_is_reset_and_the_others_live_on() {
    let (mut near, mut far) = pair().await;
    near.write_all(b"x").await.unwrap();
    far.read_exact(&mut [0]).await.unwrap();
    let mut second = near.connection().open().await.unwrap();
    near.abort();
    for _ in 0..2 {
        let error = far.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Reset);
    }
    second.write_all(b"alive").await.unwrap();
    second.close_write().await.unwrap();
    let mut other = far.connection().accept().await.unwrap();
    assert_eq!(read_to_end(&mut other).await, b"alive");
}

#[tokio::test]
async fn a_listener_that_stops_leaves_its_flows_alone() {
    let bob = key();
    let (quic, mut listener) = (quic::Quic::new(connector()), listen(&acceptor(&bob)));
    let endpoint = (
        listener.address().socket().unwrap(),
        tls::Peer::key(bob.public_key()),
    );
    let attempt = Attempt::new(quic::Quic::STAGE);
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (near, mut far) = tokio::join!(quic.connect(&endpoint, &attempt), accepting);
    let mut near = near.unwrap();
    drop(listener);
    near.write_all(b"still here").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await, b"still here");
    // And nobody new gets an answer.
    let hasty = quic::Options::default().idle(Duration::from_millis(100));
    let refused = quic.options(hasty).connect(&endpoint, &attempt).await;
    assert_eq!(refused.unwrap_err().kind(), quic::Kind::Silent);
}
