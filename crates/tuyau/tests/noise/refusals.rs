//! What each kind of bad peer is told, and that nothing is left behind.

use std::time::Duration;

use tuyau::{
    mem,
    noise::{Acceptor, Connector, Error, KeyPair, Kind, Pattern, Peer, PublicKey},
    tokio::TokioTimer,
};
use tuyau_core::{FlowExt, Layer, Security, Timer};

use crate::{
    by_hand::{self, IK, XX, builder, send},
    key,
    support::{DEADLINE, assert_failed, failure, meet, read_to_end, serve},
};

fn client(pattern: Pattern) -> (Connector, KeyPair, Peer) {
    let server = key();
    let peer = Peer::key(server.public_key());
    (Connector::new(key(), pattern), server, peer)
}

/// Reads what the client says, answers, and waits until it has closed.
async fn answer(mut flow: mem::Flow, bytes: &[u8]) -> Vec<u8> {
    flow.write_all(bytes).await.unwrap();
    read_to_end(&mut flow).await.unwrap()
}

#[tokio::test]
async fn another_key_than_the_expected_is_refused_before_the_client_shows_its_own() {
    let (connector, _, _) = client(Pattern::Xx);
    let (expected, found) = (key().public_key(), key());
    let by_hand = async |mut flow: mem::Flow| {
        let private = found.private_key();
        let mut state = builder(XX, &private).build_responder().unwrap();
        let mut buffer = [0; 200];
        let first = by_hand::receive(&mut flow).await;
        state.read_message(&first, &mut buffer).unwrap();
        let length = state.write_message(&[], &mut buffer).unwrap();
        send(&mut flow, &buffer[..length]).await;
        read_to_end(&mut flow).await.unwrap()
    };
    let (result, heard) = meet(connector, Peer::key(expected), by_hand).await;
    let text = format!(
        "the server proved the key {}, but {expected} was expected; \
         check the key, and whether the address is another's",
        found.public_key()
    );
    assert_failed(result, "noise", &text);
    assert_eq!(
        heard, b"",
        "the client's key is in the message that did not come"
    );
}

#[tokio::test]
async fn a_server_with_another_key_cannot_read_the_first_message_of_ik() {
    let (connector, _, peer) = client(Pattern::Ik);
    let other = Acceptor::new(key());
    let accept = async |flow: mem::Flow| tuyau_core::Acceptor::accept(other, flow).await;
    let (result, accepted) = meet(connector, peer, accept).await;
    assert_failed(
        result,
        "noise",
        "the server ended the stream in the middle of the handshake; it stopped, does not speak \
         Noise, or holds another key than was expected",
    );
    assert_eq!(
        accepted.unwrap_err().to_string(),
        "the client's part of the handshake does not decrypt; check that both sides have the same \
         prologue and that it was meant for this side's key"
    );
}

#[tokio::test]
async fn another_prologue_is_another_protocol() {
    for pattern in [Pattern::Xx, Pattern::Ik] {
        let (connector, server, peer) = client(pattern);
        let acceptor = Acceptor::new(server).prologue(b"another");
        let accept = async |flow: mem::Flow| tuyau_core::Acceptor::accept(acceptor, flow).await;
        let (result, accepted) = meet(connector, peer, accept).await;
        assert_eq!(failure(result).stage, "noise");
        let error = accepted.unwrap_err();
        assert!(
            matches!(error.kind(), Kind::Undecipherable | Kind::Unfinished),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_shown() {
    let (connector, _, peer) = client(Pattern::Xx);
    let (result, heard) = meet(connector, peer, async |flow| {
        answer(flow, b"HTTP/1.1 400 Bad Request\r\n\r\n").await
    })
    .await;
    assert_failed(
        result,
        "noise",
        "the server does not speak this Noise handshake: a message of 96 bytes was expected, but its \
         first two bytes \"HT\" announce 18516; check the address and the port",
    );
    assert_eq!(heard.len(), 2 + 32);
}

#[tokio::test]
async fn a_client_that_speaks_something_else_is_shown() {
    for (sent, shown, announced) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "GE", 18245),
        (&[0, 31], r"\x00\x1f", 31),
    ] {
        let acceptor = Acceptor::new(key());
        let (result, heard) = serve(acceptor, async |flow| answer(flow, sent).await).await;
        let text = format!(
            "the client does not speak this Noise handshake: a message of 32 or 96 bytes was \
             expected, but its first two bytes \"{shown}\" announce {announced}; let it connect with Noise"
        );
        assert_eq!(result.unwrap_err().to_string(), text);
        assert_eq!(heard, b"");
    }
}

#[tokio::test]
async fn garbage_of_the_right_length_does_not_decrypt() {
    let garbage = [&[0, 96][..], &[7; 96]].concat();
    for pattern in [Pattern::Xx, Pattern::Ik] {
        let (connector, _, peer) = client(pattern);
        let garbage = match pattern {
            Pattern::Ik => [&[0, 48][..], &[7; 48]].concat(),
            _ => garbage.clone(),
        };
        let (result, _) = meet(connector, peer, async |flow| answer(flow, &garbage).await).await;
        assert_failed(
            result,
            "noise",
            "the server's part of the handshake does not decrypt; check that both sides have the same \
             prologue and that it was meant for this side's key",
        );
    }
    let acceptor = Acceptor::new(key());
    let (result, _) = serve(acceptor, async |flow| answer(flow, &garbage).await).await;
    assert!(matches!(result.unwrap_err().kind(), Kind::Undecipherable));
}

#[tokio::test]
async fn a_peer_that_closes_in_the_middle_of_the_handshake_is_unfinished() {
    for sent in [&[][..], &[0], &[0, 96], &[0, 96, 1, 2, 3]] {
        let close = async |mut flow: mem::Flow| {
            flow.write_all(sent).await.unwrap();
            flow.close_write().await.unwrap();
            read_to_end(&mut flow).await.unwrap()
        };
        let (connector, _, peer) = client(Pattern::Xx);
        let (result, heard) = meet(connector, peer, close).await;
        let failure = failure(result);
        assert_eq!(failure.stage, "noise");
        assert!(
            failure.text.contains("in the middle of the handshake"),
            "{}",
            failure.text
        );
        assert_eq!(heard.len(), 34);
        let (result, _) = serve(Acceptor::new(key()), close).await;
        assert!(matches!(result.unwrap_err().kind(), Kind::Unfinished));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_handshake_in_which_the_server_stops() {
    for sent in [&[][..], &[0, 96], &[0, 96, 1, 2, 3]] {
        let (connector, _, peer) = client(Pattern::Xx);
        let timer = TokioTimer::new();
        let (result, heard) = meet(connector, peer, async |flow| answer(flow, sent).await).await;
        assert_eq!(timer.now(), DEADLINE);
        assert_failed(result, "noise", "the deadline passed");
        assert_eq!(heard.len(), 34);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_dropped_closes_its_flow() {
    let accepting = async |flow: mem::Flow| {
        let accepting = tuyau_core::Acceptor::accept(Acceptor::new(key()), flow);
        tokio::time::timeout(Duration::from_secs(5), accepting)
            .await
            .is_err()
    };
    let (near, mut far) = mem::pair();
    let (timed_out, heard) = tokio::join!(accepting(near), read_to_end(&mut far));
    assert!(timed_out);
    assert_eq!(heard.unwrap(), b"");
}

#[tokio::test]
async fn keys_that_anyone_can_hold_are_refused() {
    let weak = PublicKey([0; 32]);
    let expecting = Peer::key(weak);
    let (connector, _, _) = client(Pattern::Xx);
    let (result, heard) = meet(connector, expecting, async |flow| answer(flow, b"").await).await;
    assert_failed(
        result,
        "noise",
        "the server's key is one that anyone can prove to hold; let it make a fresh one",
    );
    assert_eq!(heard, b"");
}

#[tokio::test]
async fn nobody_is_trusted_for_having_answered_unless_that_was_asked_for() {
    for pattern in [Pattern::Xx, Pattern::Ik] {
        let (connector, _, _) = client(pattern);
        assert_eq!(security(&connector), Security::Authenticated);
        let (result, heard) = meet(connector, Peer::unknown(), async |flow| {
            answer(flow, b"").await
        })
        .await;
        assert_failed(
            result,
            "noise",
            "nobody said which key to expect of the server; give its public key",
        );
        assert_eq!(heard, b"");
    }
    let (connector, server, _) = client(Pattern::Xx);
    let connector = connector.danger_accept_any_key();
    assert_eq!(security(&connector), Security::Encrypted);
    let acceptor = Acceptor::new(server.clone());
    let (near, _far) = crate::shake(&connector, Peer::unknown(), acceptor).await;
    assert_eq!(near.unwrap().peer_key(), server.public_key());
    // IK cannot begin without a key, whatever is allowed.
    let (connector, _, _) = client(Pattern::Ik);
    assert_eq!(
        security(&connector.danger_accept_any_key()),
        Security::Authenticated
    );
}

fn security(connector: &Connector) -> Security {
    Layer::<mem::Flow>::security(connector)
}

#[tokio::test]
async fn a_replayed_first_message_gives_a_flow_of_which_nothing_can_be_read() {
    let server = key();
    let (private, public) = (key().private_key(), server.public_key());
    let builder = builder(IK, &private).remote_public_key(&public.0).unwrap();
    let mut first = [0; 96];
    builder
        .build_initiator()
        .unwrap()
        .write_message(&[], &mut first)
        .unwrap();
    let replay = async |mut flow: mem::Flow| {
        send(&mut flow, &first).await;
        by_hand::receive(&mut flow).await;
        send(&mut flow, &[9; 40]).await;
        flow
    };
    let (accepted, _flow) = serve(Acceptor::new(server), replay).await;
    let error = accepted.unwrap().read(&mut [0; 8]).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert!(matches!(
        cause.downcast_ref::<Error>().unwrap().kind(),
        Kind::Corrupted
    ));
}
