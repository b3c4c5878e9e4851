//! A peer that follows the documented wire form with snow alone.

use snow::{Builder, HandshakeState, TransportState};
use tuyau::{
    mem,
    noise::{self, Acceptor, Connector, Pattern, Peer},
};
use tuyau_core::{Acceptor as _, Attempt, FlowExt, Layer, Stage};

use crate::{key, support::read_to_end};

const PROLOGUE: &[u8] = b"tuyau noise v1\n";

pub(crate) const XX: &str = "Noise_XX_25519_ChaChaPoly_BLAKE2s";
pub(crate) const IK: &str = "Noise_IK_25519_ChaChaPoly_BLAKE2s";

pub(crate) fn builder<'a>(protocol: &str, private: &'a [u8; 32]) -> Builder<'a> {
    let builder = Builder::new(protocol.parse().unwrap());
    let builder = builder.local_private_key(private).unwrap();
    builder.prologue(PROLOGUE).unwrap()
}

pub(crate) async fn send(flow: &mut mem::Flow, message: &[u8]) {
    let length = u16::try_from(message.len()).unwrap();
    flow.write_all(&length.to_be_bytes()).await.unwrap();
    flow.write_all(message).await.unwrap();
}

pub(crate) async fn receive(flow: &mut mem::Flow) -> Vec<u8> {
    let mut length = [0; 2];
    flow.read_exact(&mut length).await.unwrap();
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    flow.read_exact(&mut message).await.unwrap();
    message
}

/// Sends and receives the messages of the handshake, and notes how long they were.
pub(crate) async fn shake(
    flow: &mut mem::Flow,
    mut state: HandshakeState,
) -> (TransportState, Vec<usize>) {
    let mut lengths = Vec::new();
    let mut buffer = [0; 200];
    while !state.is_handshake_finished() {
        if state.is_my_turn() {
            let length = state.write_message(&[], &mut buffer).unwrap();
            send(flow, &buffer[..length]).await;
            lengths.push(length);
        } else {
            let message = receive(flow).await;
            assert_eq!(state.read_message(&message, &mut buffer).unwrap(), 0);
            lengths.push(message.len());
        }
    }
    (state.into_transport_mode().unwrap(), lengths)
}

pub(crate) fn seal(session: &mut TransportState, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0; payload.len() + 16];
    session.write_message(payload, &mut message).unwrap();
    message
}

fn unseal(session: &mut TransportState, message: &[u8]) -> Vec<u8> {
    let mut payload = vec![0; message.len()];
    let length = session.read_message(message, &mut payload).unwrap();
    payload.truncate(length);
    payload
}

/// Reads messages until the empty one.
async fn read_stream(flow: &mut mem::Flow, session: &mut TransportState) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let payload = unseal(session, &receive(flow).await);
        if payload.is_empty() {
            return all;
        }
        all.extend(payload);
    }
}

/// What the side by hand says and hears after the handshake.
async fn talk_by_hand(flow: &mut mem::Flow, session: &mut TransportState) -> Vec<u8> {
    for payload in [&b"welcome"[..], &[5; 65_519], b""] {
        let message = seal(session, payload);
        send(flow, &message).await;
    }
    // What comes after the end is not read.
    send(flow, b"more").await;
    read_stream(flow, session).await
}

/// What our side says and hears.
async fn talk(mut flow: noise::Flow<mem::Flow>) {
    let said = pattern();
    let (written, read) = {
        flow.write_all(&said[..20_000]).await.unwrap();
        flow.write_all(&said[20_000..]).await.unwrap();
        (flow.close_write().await, read_to_end(&mut flow).await)
    };
    written.unwrap();
    let read = read.unwrap();
    assert_eq!(read.len(), 7 + 65_519);
    assert!(read.starts_with(b"welcome\x05"));
}

fn pattern() -> Vec<u8> {
    (0..50_000_u32).map(|number| (number / 3) as u8).collect()
}

#[tokio::test]
async fn a_server_by_hand_understands_our_client() {
    for (pattern_used, name, expected) in [
        (Pattern::Xx, XX, vec![32, 96, 64]),
        (Pattern::Ik, IK, vec![96, 48]),
    ] {
        let (client, server) = (key(), key());
        let (near, mut far) = mem::pair_with_capacity(1_000_000);
        let connector = Connector::new(client.clone(), pattern_used);
        let peer = Peer::key(server.public_key());
        let attempt = Attempt::new(Stage::new("noise"));
        let ours = async {
            let flow = connector.connect(near, &peer, &attempt).await.unwrap();
            assert_eq!(flow.peer_key(), server.public_key());
            talk(flow).await;
        };
        let by_hand = async {
            let private = server.private_key();
            let state = builder(name, &private).build_responder().unwrap();
            let (mut session, lengths) = shake(&mut far, state).await;
            assert_eq!(lengths, expected);
            assert_eq!(session.get_remote_static().unwrap(), client.public_key().0);
            talk_by_hand(&mut far, &mut session).await
        };
        let ((), heard) = tokio::join!(ours, by_hand);
        assert!(heard == pattern());
        // After the last message comes the end of the stream beneath.
        assert_eq!(read_to_end(&mut far).await.unwrap(), b"");
    }
}

#[tokio::test]
async fn a_client_by_hand_understands_our_server() {
    for name in [XX, IK] {
        let (client, server) = (key(), key());
        let (mut near, far) = mem::pair_with_capacity(1_000_000);
        let ours = async {
            let flow = Acceptor::new(server.clone()).accept(far).await.unwrap();
            assert_eq!(flow.peer_key(), client.public_key());
            talk(flow).await;
        };
        let by_hand = async {
            let private = client.private_key();
            let public = server.public_key();
            let mut builder = builder(name, &private);
            if name == IK {
                builder = builder.remote_public_key(&public.0).unwrap();
            }
            let (mut session, _) = shake(&mut near, builder.build_initiator().unwrap()).await;
            talk_by_hand(&mut near, &mut session).await
        };
        let ((), heard) = tokio::join!(ours, by_hand);
        assert!(heard == pattern());
    }
}
