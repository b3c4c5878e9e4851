//! Peers that do not get as far as a session.

use std::time::Duration;

use rustls::AlertDescription;
use tokio::io::AsyncWriteExt;
use tuyau::tls;
use tuyau_router::{Settings, journal::Event};
use tuyau_wire::{Hello, Message, RejectCode, Role};

use crate::support::{
    Peer, key,
    raw::{client_hello_of_tls_1_2, drip, read_all, refused_by_tls, tcp},
    stack, stack_with, start,
    witness::Witness,
};

/// The time for handshakes in tests that wait for its end: enough for those that succeed beside it,
/// on a busy machine as well.
fn impatient(settings: &mut Settings) {
    settings.limits.handshake = Duration::from_secs(2);
}

/// What a peer is answered that does not speak TLS: the fatal alert `unexpected_message`, by which a
/// client that does speak it knows that the other side does as well (RFC 8446, section 6).
const NOT_TLS: [u8; 7] = [21, 3, 3, 0, 2, 2, 10];

async fn plain_text(sent: &[u8], shown: &str) {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let (mut stream, place) = tcp(&router).await;
    stream.write_all(sent).await.unwrap();
    witness.talk().await;
    assert_eq!(read_all(&mut stream).await, NOT_TLS);
    drop(stream);
    assert_eq!(
        router.handshake_failed(&place).await,
        format!(
            "handshake with {place} failed: expected TLS, but the client sent {shown}; \
             let it connect with TLS"
        )
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn a_request_of_http_is_told_from_tls() {
    plain_text(
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        r#"what looks like HTTP: "GET / HTTP/1.1\r\nHost: x\r\n\r\n""#,
    )
    .await;
}

#[tokio::test]
async fn a_line_of_text_is_told_from_tls() {
    plain_text(b"hello\n", r#""hello\n""#).await;
}

#[tokio::test]
async fn a_banner_of_ssh_is_told_from_tls() {
    plain_text(
        b"SSH-2.0-OpenSSH_9.9\r\n",
        r#"what looks like SSH: "SSH-2.0-OpenSSH_9.9\r\n""#,
    )
    .await;
}

#[tokio::test]
async fn tls_1_2_is_refused_by_its_own_alert() {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let (mut stream, place) = tcp(&router).await;
    stream.write_all(&client_hello_of_tls_1_2()).await.unwrap();
    witness.talk().await;
    let protocol_version = 70;
    assert_eq!(
        read_all(&mut stream).await,
        [21, 3, 3, 0, 2, 2, protocol_version]
    );
    drop(stream);
    assert_eq!(
        router.handshake_failed(&place).await,
        format!(
            "handshake with {place} failed: the client does not speak TLS 1.3, \
             which is required; update its TLS library"
        )
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn a_peer_without_certificate_is_told_that_it_needs_one() {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let (error, place) = refused_by_tls(&router, None).await;
    let alert = AlertDescription::CertificateRequired;
    assert_eq!(error, rustls::Error::AlertReceived(alert));
    assert_eq!(
        router.handshake_failed(&place).await,
        format!(
            "handshake with {place} failed: the client presented no certificate; \
             it must prove an Ed25519 key, give it a key pair"
        )
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn a_key_of_another_kind_is_refused() {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let certificate = rcgen::generate_simple_self_signed(vec!["peer.test".into()]).unwrap();
    let (error, place) = refused_by_tls(&router, Some(certificate)).await;
    assert!(matches!(error, rustls::Error::AlertReceived(_)), "{error}");
    assert_eq!(
        router.handshake_failed(&place).await,
        format!(
            "handshake with {place} failed: the client's key is not a sound Ed25519 key, which is \
             required; make it one, for example with `openssl genpkey -algorithm ed25519`"
        )
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn a_raw_key_and_a_certificate_prove_the_same_identity() {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    for form in [tls::CertificateForm::RawKey, tls::CertificateForm::X509] {
        let stack = stack_with(1, |settings| settings.form(form));
        let mut peer = router.try_connect(1, &stack).await.unwrap();
        let hello = Hello::new(Role::Service, "test").unwrap();
        peer.say(&Message::Hello(hello)).await;
        peer.sequence = u64::from(form == tls::CertificateForm::X509);
        let record = peer.record("tls://127.0.0.1:9");
        assert_eq!(peer.listen(record).await, None, "{form}");
        assert_eq!(peer.send(key(100).identity(), b"me").await, None);
        let from = router.event(|event| match event {
            Event::Received { from, .. } => Some(*from),
            _ => None,
        });
        assert_eq!(from.await, key(1).identity(), "{form}");
    }
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_closed_at_the_deadline() {
    let mut router = start(impatient).await;
    let mut witness = Witness::new(&router).await;
    let (mut stream, place) = tcp(&router).await;
    witness.talk().await;
    assert_eq!(
        router.handshake_failed(&place).await,
        format!(
            "handshake with {place} failed: expected a TLS handshake within 2s of connecting \
             (limits.handshake_seconds), found none or a part of one; \
             is the peer a tuyau service, and the network fast enough?"
        )
    );
    assert_eq!(read_all(&mut stream).await, []);
    witness.check(&router).await;
}

#[tokio::test]
async fn a_handshake_byte_by_byte_does_not_move_the_deadline() {
    let mut router = start(impatient).await;
    let mut witness = Witness::new(&router).await;
    let (mut stream, place) = tcp(&router).await;
    let dripping = tokio::spawn(async move {
        drip(
            &mut stream,
            &[&[22, 3, 1, 2, 0, 1, 0][..], &[3; 10_000]].concat(),
        )
        .await;
    });
    witness.talk().await;
    let told = router.handshake_failed(&place).await;
    assert!(
        told.contains("expected a TLS handshake within 2s"),
        "{told}"
    );
    dripping.await.unwrap();
    witness.check(&router).await;
}

#[tokio::test]
async fn a_peer_that_says_no_hello_is_told_so() {
    let mut router = start(impatient).await;
    let mut witness = Witness::new(&router).await;
    let mut peer = router.connect_silent(1).await;
    witness.talk().await;
    let place = peer.place();
    let text = "expected a hello within 2s of connecting (limits.handshake_seconds), \
                found nothing; is the peer a tuyau service?";
    assert_eq!(peer.ended().await, Some((RejectCode::Limit, text.into())));
    drop(peer);
    assert_eq!(
        router.handshake_failed(&place).await,
        format!("handshake with {place} failed: limit: {text}")
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn a_hello_that_comes_in_part_is_late_as_well() {
    let mut router = start(impatient).await;
    let mut witness = Witness::new(&router).await;
    let mut peer = router.connect_silent(1).await;
    peer.say_bytes(&[0x58, 0x20, 0x87]).await;
    witness.talk().await;
    let place = peer.place();
    let (code, text) = peer.ended().await.unwrap();
    assert_eq!(code, RejectCode::Limit);
    assert!(text.contains("found 3 bytes of a message"), "{text}");
    drop(peer);
    router.handshake_failed(&place).await;
    witness.check(&router).await;
}

/// What ends a session whose peer begins with this instead of a hello.
async fn begins_with(bytes: &[u8], code: RejectCode, text: &str) {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let mut peer: Peer = router.connect_silent(1).await;
    peer.say_bytes(bytes).await;
    witness.talk().await;
    let place = peer.place();
    assert_eq!(peer.ended().await, Some((code, text.into())));
    drop(peer);
    assert_eq!(
        router.handshake_failed(&place).await,
        format!("handshake with {place} failed: {code}: {text}")
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn the_first_message_must_be_a_hello() {
    let mut bytes = Vec::new();
    let (handle, sequence, body) = (0, 1, &b"x"[..]);
    Message::Send {
        handle,
        sequence,
        body,
    }
    .encode_frame(&mut bytes);
    let text = "expected a hello as the first message, found the message send";
    begins_with(&bytes, RejectCode::Unexpected, text).await;
}

#[tokio::test]
async fn a_hello_without_a_common_version_is_refused() {
    let bytes = [
        0x4c, 0x87, 0, 0x81, 9, 0x80, 0, 0x61, b'x', 0x19, 0x10, 0, 0xa0,
    ];
    let text = "no version of the protocol in common: ours 2, theirs 9";
    begins_with(&bytes, RejectCode::Version, text).await;
}

#[tokio::test]
async fn a_router_is_not_taken_for_a_service() {
    let mut bytes = Vec::new();
    let hello = Hello::new(Role::Router, "test").unwrap();
    Message::Hello(hello).encode_frame(&mut bytes);
    let text = "expected the role of a service, found that of a router; \
                this router has no links to others";
    let mut router = start(|_| {}).await;
    let mut peer = router.connect_silent(1).await;
    peer.say_bytes(&bytes).await;
    let ended = peer.ended().await;
    assert_eq!(ended, Some((RejectCode::Unexpected, text.into())));
    drop(peer);
    let told = router.disconnected(1).await;
    assert!(told.ends_with(&format!("unexpected: {text}")), "{told}");
}

#[tokio::test]
async fn text_inside_tls_is_told_from_frames() {
    let text = "expected a frame, a CBOR byte string, found text: \
                the peer speaks another protocol, perhaps HTTP";
    begins_with(b"GET / HTTP/1.1\r\n\r\n", RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn a_peer_that_expects_another_router_leaves() {
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let socket = router.address();
    let other = tls::PublicKey(*key(99).identity().as_bytes());
    let target = tuyau_core::Target::from(socket).with(tls::ExpectedPeer(other));
    let stack = stack(1);
    let error = stack.context().connect(target).open().await.unwrap_err();
    assert!(error.to_string().contains("was expected"), "{error}");
    let told = router
        .event(|event| (event.name() == "handshake-failed").then(|| event.to_string()))
        .await;
    assert!(told.contains("the client refused with the alert"), "{told}");
    witness.check(&router).await;
}
