//! Peers that do not speak TLS, or stop doing so.

use tuyau::{mem, tls};
use tuyau_core::{Acceptor, ErrorKind, FlowExt};

use crate::support::{acceptor, client, connector, dial, key, shake, stranger, tcp_pair};

#[tokio::test]
async fn plain_text_to_the_tls_port_is_shown_and_answered_with_an_alert() {
    let (mut near, far) = tcp_pair().await;
    let asking = async {
        near.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
            .await?;
        near.write_all(&[b'x'; 10_000]).await?;
        let mut answer = [0; 7];
        near.read_exact(&mut answer).await?;
        let end = near.read(&mut [0; 8]).await?;
        near.close_write().await?;
        Ok::<_, tuyau_core::FlowError>((answer, end))
    };
    let accepting = async { acceptor(&key()).accept(far).await.unwrap_err() };
    let (answer, error) = tokio::join!(asking, accepting);
    assert_eq!(answer.unwrap(), ([21, 3, 3, 0, 2, 2, 10], 0));
    let tls::Kind::PlainText(text) = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(text.looks_like(), Some("HTTP"));
    let begin = r#"expected TLS, but the client sent what looks like HTTP: "GET / HTTP/1.1\r\n"#;
    assert!(error.to_string().starts_with(begin), "{error}");
    assert!(error.to_string().ends_with(r#""; let it connect with TLS"#));
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_shown() {
    let (near, mut far) = mem::pair();
    far.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await.unwrap();
    let peer = tls::Peer::key(key().public_key());
    let error = dial(&connector(&key()), near, peer).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"expected TLS, but the server sent what looks like SSH: "SSH-2.0-OpenSSH_9.9\r\n"; check the address and the port"#
    );
}

#[tokio::test]
async fn a_client_that_closes_in_the_middle_of_the_handshake_is_truncated() {
    // Records that begin a ClientHello.
    let begin = [22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3];
    for sent in [0, 1, 5, begin.len()] {
        let (mut near, far) = mem::pair();
        near.write_all(&begin[..sent]).await.unwrap();
        drop(near);
        let error = acceptor(&key()).accept(far).await.unwrap_err();
        assert!(matches!(error.kind(), tls::Kind::Truncated), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_closes_in_the_middle_of_the_handshake_is_truncated() {
    for answer in [&[][..], &[22], &[22, 3, 3, 0, 100, 2]] {
        let (near, mut far) = mem::pair();
        far.write_all(answer).await.unwrap();
        far.close_write().await.unwrap();
        let peer = tls::Peer::key(key().public_key());
        let error = dial(&connector(&key()), near, peer).await.unwrap_err();
        assert!(matches!(error.kind(), tls::Kind::Truncated), "{error}");
    }
}

#[tokio::test]
async fn garbage_in_the_form_of_records_is_refused() {
    let (unexpected_message, decode_error) = (10, 50);
    for (garbage, reason) in [
        // A handshake message that is no ClientHello.
        (vec![22, 3, 1, 0, 4, 9, 0, 0, 0], unexpected_message),
        // A record that is longer than one may be.
        (
            [&[22, 3, 1, 0xff, 0xff][..], &[7; 70_000]].concat(),
            decode_error,
        ),
        // Data before any handshake.
        (vec![23, 3, 3, 0, 1, 0], unexpected_message),
    ] {
        let (mut near, far) = mem::pair_with_capacity(100_000);
        near.write_all(&garbage).await.unwrap();
        near.close_write().await.unwrap();
        let error = acceptor(&key()).accept(far).await.unwrap_err();
        assert!(matches!(error.kind(), tls::Kind::Other(_)), "{error}");
        let mut alert = [0; 7];
        near.read_exact(&mut alert).await.unwrap();
        assert_eq!((alert[0], alert[5]), (21, 2), "a fatal alert");
        assert_eq!(alert[6], reason, "{error}");
    }
}

#[tokio::test]
async fn changed_bytes_are_noticed() {
    let bob = key();
    let peer = tls::Peer::key(bob.public_key());
    let (near, far) = shake(&connector(&key()), peer, acceptor(&bob)).await;
    let (near, mut far) = (near.unwrap(), far.unwrap());
    // What comes from beneath the TLS flow is none of its records.
    let mut beneath = near.into_inner();
    beneath.write_all(&[23, 3, 3, 0, 20]).await.unwrap();
    beneath.write_all(&[0; 20]).await.unwrap();
    for _ in 0..2 {
        let error = far.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
    let error = far.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn what_comes_behind_the_first_message_of_a_client_is_looked_at_with_it() {
    let config = stranger(&rustls::version::TLS13, true).with_no_client_auth();
    let mut sent = Vec::new();
    client(config).write_tls(&mut sent).unwrap();
    // No message may come here yet, and nothing comes after it.
    sent.extend([23, 3, 3, 0, 1, 0]);
    let (mut near, far) = mem::pair_with_capacity(10_000);
    near.write_all(&sent).await.unwrap();
    let error = acceptor(&key()).accept(far).await.unwrap_err();
    assert!(matches!(error.kind(), tls::Kind::Other(_)), "{error}");
}
