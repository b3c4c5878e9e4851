//! After the handshake: what is changed, cut or too short is told.

use tuyau::{
    mem,
    noise::{self, Pattern},
};
use tuyau_core::{AnyFlow, ErrorKind, Flow, FlowExt};

use crate::pair;

/// Breaks into the flow beneath.
async fn forge(near: noise::Flow<mem::Flow>, bytes: &[u8]) -> mem::Flow {
    let mut beneath = near.into_inner();
    beneath.write_all(bytes).await.unwrap();
    beneath
}

/// That reading fails, and goes on to fail, with this kind and cause.
async fn assert_broken(mut far: noise::Flow<mem::Flow>, kind: ErrorKind, text: &str) {
    for _ in 0..3 {
        let error = far.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), text);
    }
}

#[tokio::test]
async fn a_changed_message_is_told() {
    let (near, far) = pair(Pattern::Xx).await;
    let _beneath = forge(near, &[&[0, 30][..], &[1; 30]].concat()).await;
    let text = "a message of the client does not decrypt; it was changed on its way";
    assert_broken(far, ErrorKind::Protocol, text).await;
}

#[tokio::test]
async fn a_message_too_short_for_its_tag_is_told() {
    for length in [0, 1, 15] {
        let (near, far) = pair(Pattern::Xx).await;
        let _beneath = forge(near, &[0, length]).await;
        let text = format!("the client sent a message of {length} bytes, and one has at least 16");
        assert_broken(far, ErrorKind::Protocol, &text).await;
    }
}

#[tokio::test]
async fn the_longest_message_that_never_comes_is_not_waited_for_after_the_end() {
    let (near, far) = pair(Pattern::Xx).await;
    let beneath = forge(near, &[0xff, 0xff, 1, 2, 3]).await;
    drop(beneath);
    let text =
        "the client ended the stream without saying so; it stopped, or the connection was cut";
    assert_broken(far, ErrorKind::Truncated, text).await;
}

#[tokio::test]
async fn what_came_before_the_damage_is_read_first() {
    let (mut near, mut far) = pair(Pattern::Ik).await;
    near.write_all(b"good").await.unwrap();
    let _beneath = forge(near, &[&[0, 17][..], &[0; 17]].concat()).await;
    let mut read = [0; 4];
    far.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"good");
    let error = far.read(&mut read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    // The other direction is not disturbed.
    far.write_all(b"still here").await.unwrap();
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_owed_a_bounded_number_of_bytes() {
    let (mut near, _far) = pair(Pattern::Xx).await;
    let mut total = 0;
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    while let std::task::Poll::Ready(count) = near.poll_write(&mut cx, &[9; 3000]) {
        total += count.unwrap();
    }
    // What memory holds, what the layer holds, and a last message.
    assert!((64 * 1024..200 * 1024).contains(&total), "{total}");
}

#[tokio::test]
async fn a_flow_knows_its_peer_through_erasure() {
    let (near, far) = pair(Pattern::Xx).await;
    let key = near.peer_key();
    let near = AnyFlow::new(near);
    assert_eq!(near.info::<noise::PeerKey>(), Some(&noise::PeerKey(key)));
    assert!(near.find::<mem::Flow>().is_some());
    assert_ne!(far.peer_key(), key);
}
