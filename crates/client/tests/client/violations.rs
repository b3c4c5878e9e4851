//! Routers that break the rules of the protocol.

use std::error::Error as _;

use tuyau::mem::Hub;
use tuyau_client::{RequestError, SessionErrorKind};
use tuyau_wire::{Level, MAX_FRAME, Message, RejectCode};

use crate::support::*;

/// What the router sends, how the session ends, and what the router is told.
async fn violation(bytes: Vec<u8>, kind: SessionErrorKind, code: RejectCode) {
    let (session, mut wire) = pair(&Hub::new()).await;
    let (waiting, told) = both(session.send(stranger_key().identity(), "x"), async {
        wire.sent().await;
        wire.write_raw(&bytes).await;
        let told = wire.rejected().await;
        assert!(wire.try_read().await.is_none());
        told
    })
    .await;
    assert_eq!(told.0, code, "{}", told.1);
    assert_eq!(session.ended().await.kind(), kind);
    let error = waiting.unwrap_err();
    assert!(matches!(&error, RequestError::Lost(reason) if reason.kind() == kind));
    assert!(error.source().is_some());
    assert!(session.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn garbage_ends_the_session_and_the_router_is_told() {
    use SessionErrorKind::Malformed;
    violation(
        b"GET / HTTP/1.1\r\n".to_vec(),
        Malformed,
        RejectCode::Malformed,
    )
    .await;
    // A frame with an indefinite length array in it.
    violation(vec![0x42, 0x9f, 0xff], Malformed, RejectCode::Malformed).await;
    // A pong with a byte too much.
    violation(
        vec![0x44, 0x82, 0x15, 0x01, 0x00],
        Malformed,
        RejectCode::Malformed,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_above_the_limit_ends_the_session_before_it_arrives() {
    let head = ((MAX_FRAME + 1) as u32).to_be_bytes();
    let bytes = [&[0x5a], &head[..]].concat();
    violation(bytes, SessionErrorKind::Malformed, RejectCode::TooLarge).await;
}

#[tokio::test(start_paused = true)]
async fn messages_out_of_turn_end_the_session() {
    use SessionErrorKind::Unexpected;
    let frame = |message: &Message<'_>| {
        let mut bytes = Vec::new();
        message.encode_frame(&mut bytes);
        bytes
    };
    let hello = tuyau_wire::Hello::new(tuyau_wire::Role::Router, "twice").unwrap();
    let answer = Message::Receipt {
        level: Level::Accepted,
        first: 1,
        last: 3,
    };
    let send = Message::Send {
        handle: 0,
        sequence: 1,
        body: b"",
    };
    let deliver = Message::Deliver {
        handle: 0,
        sequence: 1,
        body: b"under a handle that was not announced",
    };
    for message in [Message::Hello(hello), answer, send, deliver] {
        violation(frame(&message), Unexpected, RejectCode::Unexpected).await;
    }
}
