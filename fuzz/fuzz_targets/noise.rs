//! What somebody without keys says, before, in and after a Noise handshake: always an error, never bytes
//! or a proper end.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use support::{finish, heard, read_all};
use tuyau::{
    mem,
    noise::{Acceptor, Connector, Flow, KeyPair, Pattern, Peer},
};
use tuyau_core::{Acceptor as _, Attempt, ErrorKind, FlowExt, Layer, Stage};

fn attempt() -> Attempt {
    Attempt::new(Stage::new("noise"))
}

fn key() -> KeyPair {
    KeyPair::from_private(&[7; 32])
}

/// A flow of ours, and what is beneath on the other side.
fn established() -> (Flow<mem::Flow>, mem::Flow) {
    let (near, far) = mem::pair_with_capacity(1 << 20);
    let connector = Connector::new(key(), Pattern::Ik);
    let (peer, attempt) = (Peer::key(key().public_key()), attempt());
    let mut connecting = Box::pin(connector.connect(near, &peer, &attempt));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(connecting.as_mut().poll(&mut cx).is_pending());
    let far = finish(Acceptor::new(key()).accept(far)).unwrap();
    (finish(connecting).unwrap(), far.into_inner())
}

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses whom the rest is said to.
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    match choice % 4 {
        0 => server(bytes),
        1 => client(bytes, Pattern::Xx),
        2 => client(bytes, Pattern::Ik),
        _ => after_the_handshake(bytes),
    }
});

fn server(bytes: &[u8]) {
    let (near, _far) = heard(bytes, usize::MAX);
    if let Ok(mut flow) = finish(Acceptor::new(key()).accept(near)) {
        // A replayed first message is accepted in IK; nothing can be read behind it.
        let (all, end) = read_all(&mut flow);
        assert!(all.is_empty() && end.is_some());
    }
}

fn client(bytes: &[u8], pattern: Pattern) {
    let (near, _far) = heard(bytes, 1);
    let peer = Peer::key(key().public_key());
    let connector = Connector::new(key(), pattern);
    assert!(finish(connector.connect(near, &peer, &attempt())).is_err());
}

fn after_the_handshake(bytes: &[u8]) {
    let (mut flow, mut beneath) = established();
    finish(beneath.write_all(bytes)).unwrap();
    drop(beneath);
    let (all, end) = read_all(&mut flow);
    assert!(all.is_empty());
    assert!(matches!(
        end,
        Some(ErrorKind::Protocol | ErrorKind::Truncated)
    ));
}
