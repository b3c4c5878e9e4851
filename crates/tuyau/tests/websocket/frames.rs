//! After the handshake: frames that break the rules, and ends that were not meant.

use tuyau::{
    fault::{Fault, Faults, Trouble},
    mem,
    tokio::TokioTimer,
    websocket::{self, Acceptor, Connector, Error, FrameError, Kind},
};
use tuyau_core::{Acceptor as _, Attempt, ErrorKind, FlowError, FlowExt, Layer, Stage};

use crate::{pair, request, shake, support::read_to_end};

fn cause(error: &FlowError) -> &Error {
    std::error::Error::source(error)
        .unwrap()
        .downcast_ref()
        .unwrap()
}

/// Sends these bytes to our server, and gives how its reading failed and what it answered.
async fn server_reads(bytes: &[u8]) -> (FlowError, Vec<u8>) {
    let (near, mut far) = pair().await;
    let mut beneath = near.into_inner();
    beneath.write_all(bytes).await.unwrap();
    let error = far.read(&mut [0; 64]).await.unwrap_err();
    let again = far.read(&mut [0; 64]).await.unwrap_err();
    assert_eq!(again.kind(), error.kind());
    drop(far);
    (error, read_to_end(&mut beneath).await.unwrap())
}

#[tokio::test]
async fn frames_that_break_the_rules_are_refused_with_their_status() {
    for (frame, expected) in [
        (&[0xc2, 0x80, 0, 0, 0, 0][..], FrameError::ReservedBits),
        (&[0x83, 0x80, 0, 0, 0, 0], FrameError::Opcode(3)),
        (&[0x09, 0x80, 0, 0, 0, 0], FrameError::FragmentedControl),
        (&[0x89, 0xfe, 0, 126, 0, 0, 0, 0], FrameError::LongControl),
        (&[0x82, 0xfe, 0, 1, 0, 0, 0, 0], FrameError::Length),
        (&[0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], FrameError::Length),
        (&[0x82, 0x01, 7], FrameError::Unmasked),
        (&[0x80, 0x80, 0, 0, 0, 0], FrameError::Continuation),
        (
            &[0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80, 0, 0, 0, 0],
            FrameError::Interrupted,
        ),
        (&[0x88, 0x81, 0, 0, 0, 0, 3], FrameError::Close),
        (&[0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff], FrameError::Close),
    ] {
        let (error, answer) = server_reads(frame).await;
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(
            matches!(cause(&error).kind(), Kind::Frame(found) if *found == expected),
            "{error:?}"
        );
        assert_eq!(
            answer,
            [0x88, 2, 0x03, 0xea],
            "a Close with the status 1002"
        );
    }
}

#[tokio::test]
async fn a_masked_frame_of_a_server_is_refused() {
    let (mut near, far) = pair().await;
    let mut beneath = far.into_inner();
    beneath
        .write_all(&[0x82, 0x81, 1, 2, 3, 4, 5])
        .await
        .unwrap();
    let error = near.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(
        cause(&error).to_string(),
        "the server broke the rules of WebSocket: a server's frame has a mask"
    );
    let error = near.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused_however_it_is_cut() {
    let acceptor = Acceptor::new().message_limit(10);
    let (near, far) = shake(Connector::new(), request(), acceptor).await;
    let (near, mut far) = (near.unwrap(), far.unwrap());
    let mut beneath = near.into_inner();
    let part = |first, last: u8| {
        [
            &[first, 0x80 | last, 0, 0, 0, 0][..],
            &[b'x'; 6][..last as usize],
        ]
        .concat()
    };
    beneath.write_all(&part(0x82, 6)).await.unwrap();
    beneath.write_all(&part(0x82, 6)).await.unwrap();
    far.read_exact(&mut [0; 12]).await.unwrap();
    beneath.write_all(&part(0x02, 6)).await.unwrap();
    beneath.write_all(&part(0x80, 5)).await.unwrap();
    far.read_exact(&mut [0; 6]).await.unwrap();
    let error = far.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(
        cause(&error).to_string(),
        "the client sent a message of more than 10 bytes; let it send shorter ones, or raise the limit"
    );
    assert_eq!(read_some(&mut beneath).await, [0x88, 2, 0x03, 0xf1], "1009");
}

async fn read_some(flow: &mut mem::Flow) -> Vec<u8> {
    let mut buffer = [0; 64];
    let count = flow.read(&mut buffer).await.unwrap();
    buffer[..count].to_vec()
}

#[tokio::test]
async fn a_frame_as_long_as_can_be_is_read_as_it_comes() {
    let (near, mut far) = pair().await;
    let mut beneath = near.into_inner();
    let head = [
        0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4,
    ];
    beneath.write_all(&head).await.unwrap();
    beneath
        .write_all(&[b'a' ^ 1, b'b' ^ 2, b'c' ^ 3])
        .await
        .unwrap();
    let mut read = [0; 3];
    far.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"abc");
    drop(beneath);
    let error = far.read(&mut read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(
        cause(&error).to_string(),
        "the client ended the stream without a Close frame; it stopped, or the connection was cut"
    );
}

#[tokio::test]
async fn a_close_without_a_status_is_an_end() {
    for close in [
        &[0x88, 0x80, 0, 0, 0, 0][..],
        &[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8],
    ] {
        let (near, mut far) = pair().await;
        let mut beneath = near.into_inner();
        beneath.write_all(close).await.unwrap();
        assert_eq!(read_to_end(&mut far).await.unwrap(), b"");
        far.write_all(b"x").await.unwrap();
        far.close_write().await.unwrap();
        let expected = [0x82, 1, b'x', 0x88, 2, 3, 0xe8];
        assert_eq!(read_to_end(&mut beneath).await.unwrap(), expected);
    }
}

/// A ping with this payload, from a client.
fn ping(payload: &[u8]) -> Vec<u8> {
    [&[0x89, 0x80 | payload.len() as u8, 0, 0, 0, 0][..], payload].concat()
}

#[tokio::test]
async fn pings_are_answered_without_growing_what_is_held() {
    let (near, mut far) = pair().await;
    let mut beneath = near.into_inner();
    beneath
        .write_all(&[ping(b"one"), ping(b"two")].concat())
        .await
        .unwrap();
    assert!(crate::support::poll_once(far.read(&mut [0; 8])).is_pending());
    assert_eq!(read_some(&mut beneath).await, b"\x8a\x03two");
    // A flood whose answers nobody reads.
    let flood = ping(&[b'x'; 125]).repeat(400);
    for _ in 0..100 {
        beneath.write_all(&flood).await.unwrap();
        assert!(crate::support::poll_once(far.read(&mut [0; 8])).is_pending());
    }
    let mut total = 0;
    while let std::task::Poll::Ready(count) =
        crate::support::poll_once(async { beneath.read(&mut [0; 4096]).await.unwrap() })
    {
        total += count;
        let _ = crate::support::poll_once(far.read(&mut [0; 8]));
    }
    assert!(total < 300_000, "{total}");
}

/// All of them are there already, so nothing else would make the reader wait.
#[tokio::test]
async fn a_flood_of_pings_lets_others_go_on() {
    let (near, far) = mem::pair();
    let serve = async {
        let faults = Faults::none().read(Trouble::none().short(1));
        let faults = Fault::new(TokioTimer::new()).acceptor(faults);
        let far = faults.accept(far).await.unwrap();
        Acceptor::new().accept(far).await.unwrap()
    };
    let attempt = Attempt::new(Stage::new("websocket"));
    let connector = Connector::new();
    let asked = request();
    let (near, mut far) = tokio::join!(connector.connect(near, &asked, &attempt), serve);
    let mut beneath = near.unwrap().into_inner();
    let byte = [0x82, 0x81, 0, 0, 0, 0, 7];
    let flood = [&ping(b"").repeat(1000)[..], &byte].concat();
    beneath.write_all(&flood).await.unwrap();
    let mut buffer = [0; 8];
    assert!(crate::support::poll_once(far.read(&mut buffer)).is_pending());
    assert_eq!(far.read(&mut buffer).await.unwrap(), 1);
    assert_eq!(buffer[0], 7);
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_owed_a_bounded_number_of_bytes() {
    let (mut near, _far): (websocket::Flow<mem::Flow>, _) = pair().await;
    let mut total = 0;
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    while let std::task::Poll::Ready(count) =
        tuyau_core::Flow::poll_write(&mut near, &mut cx, &[9; 3000])
    {
        total += count.unwrap();
    }
    assert!((64 * 1024..200 * 1024).contains(&total), "{total}");
}
