//! Streams and messages that are none.

use std::time::Duration;

use tuyau_core::{Chain, FlowExt};
use tuyau_wire::{DecodeErrorKind, Hello, Message, RejectCode, Role, frame};

use crate::support::{Peer, TestRouter, key, start, witness::Witness};

const LIMIT: usize = 4096;

/// What the peer has bound, with its first number: the way to the router itself.
const HANDLE: u64 = 0;

/// A router, a peer of it, and a witness.
async fn world() -> (TestRouter, Peer, Witness) {
    let router = start(|settings| {
        settings.limits.frame_bytes = LIMIT;
        settings.limits.frame = Duration::from_millis(300);
    })
    .await;
    let mut witness = Witness::new(&router).await;
    let mut peer = router.connect(1).await;
    assert_eq!(peer.handle(key(100).identity()).await, HANDLE);
    witness.note(&router).await;
    (router, peer, witness)
}

/// The session of a peer that sends this ends with this code and text, which the journal has as well.
async fn ends(bytes: &[u8], code: RejectCode, text: &str) {
    let (mut router, mut peer, mut witness) = world().await;
    peer.say_bytes(bytes).await;
    witness.talk().await;
    assert_eq!(peer.ended().await, Some((code, text.into())));
    drop(peer);
    let identity = key(1).identity();
    assert_eq!(
        router.disconnected(1).await,
        format!("disconnected {identity}: {code}: {text}")
    );
    witness.check(&router).await;
}

/// A frame with this message in it.
fn framed(message: &[u8]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.bytes(message).unwrap();
    encoder.into_writer()
}

fn encoded(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode_frame(&mut bytes);
    bytes
}

fn send(sequence: u64, body: &[u8]) -> Vec<u8> {
    let handle = HANDLE;
    Message::Send {
        handle,
        sequence,
        body,
    }
    .encode()
}

#[tokio::test]
async fn a_frame_above_the_limit_is_refused_before_it_arrives() {
    let head = [0x5a, 0x00, 0x10, 0x00, 0x00];
    let text = "expected a message of at most 4096 bytes, found one of 1048576; \
                send shorter messages, or raise the router's limits.frame_bytes";
    ends(&head, RejectCode::TooLarge, text).await;
}

#[tokio::test]
async fn the_longest_length_of_all_is_refused() {
    let head = [0x5b, 255, 255, 255, 255, 255, 255, 255, 255];
    let text = "expected a message of at most 4096 bytes, found one of 18446744073709551615; \
                send shorter messages, or raise the router's limits.frame_bytes";
    ends(&head, RejectCode::TooLarge, text).await;
}

#[tokio::test]
async fn what_is_no_frame_is_refused_although_a_good_one_stands_before_it() {
    let bytes = [&framed(&send(2, b"x"))[..], b"GET / HTTP/1.1\r\n"].concat();
    let (mut router, mut peer, mut witness) = world().await;
    peer.number = 2;
    peer.say_bytes(&bytes).await;
    assert_eq!(peer.answer().await, None);
    let (code, text) = peer.ended().await.unwrap();
    assert_eq!(code, RejectCode::Malformed);
    assert!(text.contains("found text"), "{text}");
    drop(peer);
    assert!(router.disconnected(1).await.ends_with(&text));
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn a_frame_of_indefinite_length_is_refused() {
    let text = "expected a frame of definite length, found one of indefinite length";
    ends(&[0x5f, 0x41, 0x00, 0xff], RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn a_length_that_is_not_in_its_shortest_form_is_refused() {
    let text = "expected the length of a frame in its shortest form, found a longer one";
    ends(&[0x58, 0x01, 0x80], RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn a_message_that_comes_too_slowly_ends_the_session() {
    let (mut router, mut peer, mut witness) = world().await;
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let text = loop {
        tokio::select! {
            // A frame of 4,096 bytes that would take more than a minute.
            _ = pace.tick() => {
                let byte = if peer.sequence == 0 { &[0x59, 0x10, 0x00][..] } else { &[0x84] };
                peer.sequence += 1;
                peer.say_bytes(byte).await;
            }
            message = peer.hear() => {
                let message = message.unwrap();
                match Message::decode(&message).unwrap() {
                    Message::Reject { sequence: None, code, text } => {
                        assert_eq!(code, RejectCode::Limit);
                        break text.to_owned();
                    }
                    other => panic!("{}", other.name()),
                }
            }
        }
    };
    witness.talk().await;
    let begin = "expected a whole message within 300ms of its first byte (limits.frame_seconds), \
                 found ";
    assert!(text.starts_with(begin), "{text}");
    assert!(
        text.ends_with(" bytes of 4099; send faster or shorter messages"),
        "{text}"
    );
    drop(peer);
    assert!(router.disconnected(1).await.ends_with(&text));
    witness.check(&router).await;
}

#[tokio::test]
async fn an_idle_session_is_not_late() {
    let (router, mut peer, mut witness) = world().await;
    let mut late = router.connect(2).await;
    late.say_bytes(&[0x59, 0x10]).await;
    // It began later than the idle session.
    assert_eq!(late.ended().await.unwrap().0, RejectCode::Limit);
    assert_eq!(peer.send(key(100).identity(), b"x").await, None);
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn truncated_cbor_is_refused_with_its_place() {
    let message = send(2, b"a body");
    let text = "byte 10: expected more of a string, found the end";
    let truncated = framed(&message[..message.len() - 1]);
    ends(&truncated, RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn trailing_cbor_is_refused_with_its_place() {
    let message = [&send(2, b"a body")[..], &[0]].concat();
    let text = "byte 11: expected the end of the message, found more bytes";
    ends(&framed(&message), RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn a_number_that_is_not_in_its_shortest_form_is_refused() {
    let mut message = send(2, b"a body");
    message.splice(3..4, [0x18, 2]);
    let text = "byte 3, an unsigned integer: expected the shortest form of a number or length, \
                found a longer one";
    ends(&framed(&message), RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn an_array_of_indefinite_length_is_refused() {
    let mut message = send(2, b"a body");
    message[0] = 0x9f;
    message.push(0xff);
    let text = "byte 0: expected an item of definite length, found an indefinite length";
    ends(&framed(&message), RejectCode::Malformed, text).await;
}

#[tokio::test]
async fn an_unknown_message_type_is_refused() {
    let text = "byte 1, message type: expected 0 to 23, found 24";
    ends(&framed(&[0x82, 0x18, 24, 1]), RejectCode::Unexpected, text).await;
}

#[tokio::test]
async fn a_second_hello_is_refused() {
    let hello = Hello::new(Role::Service, "test").unwrap();
    let text = "expected one hello in a session, found a second one";
    ends(
        &encoded(&Message::Hello(hello)),
        RejectCode::Unexpected,
        text,
    )
    .await;
}

#[tokio::test]
async fn a_router_takes_no_deliveries() {
    let (handle, sequence, body) = (0, 1, &b"x"[..]);
    let text = "found the message deliver, which a router does not take; only routers send it";
    let deliver = Message::Deliver {
        handle,
        sequence,
        body,
    };
    ends(&encoded(&deliver), RejectCode::Unexpected, text).await;
}

#[tokio::test]
async fn sequence_numbers_must_grow() {
    for found in [0, 6, 7] {
        let (mut router, mut peer, mut witness) = world().await;
        peer.say_bytes(&framed(&send(7, b"x"))).await;
        peer.number = 7;
        assert_eq!(peer.answer().await, None);
        witness.note(&router).await;
        peer.say_bytes(&framed(&send(found, b"x"))).await;
        let text =
            format!("expected a sequence number greater than 7, the one before, found {found}");
        let ended = peer.ended().await;
        assert_eq!(ended, Some((RejectCode::Malformed, text.clone())));
        drop(peer);
        assert!(router.disconnected(1).await.ends_with(&text));
        witness.check(&router).await;
    }
}

#[tokio::test]
async fn answers_to_nothing_are_ignored() {
    let (router, mut peer, mut witness) = world().await;
    let (sequence, code, text) = (Some(99), RejectCode::Internal, "no");
    let reject = Message::Reject {
        sequence,
        code,
        text,
    };
    peer.say(&reject).await;
    peer.say(&Message::Pong { token: 99 }).await;
    let (handle, first, last) = (99, 0, u64::MAX);
    let acknowledge = Message::Acknowledge {
        handle,
        first,
        last,
    };
    peer.say(&acknowledge).await;
    let (sequence, body) = (99, &b"yes"[..]);
    let reply = Message::Reply {
        handle,
        sequence,
        body,
    };
    peer.say(&reply).await;
    assert_eq!(peer.send(key(100).identity(), b"x").await, None);
    witness.note(&router).await;
    witness.check(&router).await;
}

#[tokio::test]
async fn a_stream_that_ends_within_a_frame_is_refused() {
    let (mut router, mut peer, mut witness) = world().await;
    peer.say_bytes(&[0x58, 0x20, 0x84]).await;
    peer.flow.close_write().await.unwrap();
    witness.talk().await;
    let text = "expected the rest of a message, found the end of the stream after 3 bytes of it";
    let ended = peer.ended().await;
    assert_eq!(ended, Some((RejectCode::Malformed, text.into())));
    let told = router.disconnected(1).await;
    assert!(told.ends_with(&format!("malformed: {text}")), "{told}");
    witness.check(&router).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_off_is_told_from_one_that_ended() {
    let (mut router, peer, mut witness) = world().await;
    // Without `close_notify`: anyone on the way could have cut it.
    drop(peer);
    let told = router.disconnected(1).await;
    assert!(
        told.contains("the client ended the stream without saying so (no close_notify)"),
        "{told}"
    );
    let mut peer = router.connect(2).await;
    peer.flow.close_write().await.unwrap();
    assert_eq!(
        peer.try_hear().await,
        Ok(None),
        "the router ends it as well"
    );
    let told = router.disconnected(2).await;
    assert!(told.ends_with("the peer closed the connection"), "{told}");
    witness.check(&router).await;
}

#[tokio::test]
async fn what_was_sent_before_the_end_is_answered() {
    let (router, mut peer, mut witness) = world().await;
    let requests = (2..=101).flat_map(|sequence| framed(&send(sequence, b"x")));
    peer.say_bytes(&requests.collect::<Vec<_>>()).await;
    peer.flow.close_write().await.unwrap();
    peer.number = 101;
    assert_eq!(peer.answer().await, None);
    assert_eq!(peer.try_hear().await, Ok(None));
    witness.note(&router).await;
    witness.check(&router).await;
}

/// Numbers that look random and are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = 1 + self.below(most);
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// A message with some of its bytes changed, inserted or removed.
    fn damage(&mut self, message: &[u8]) -> Vec<u8> {
        let mut message = message.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(message.len());
            match self.below(4) {
                0 => message[at] ^= 1 << self.below(8),
                1 => message.insert(at, self.next() as u8),
                2 => message.truncate(at.max(1)),
                _ => drop(message.remove(at)),
            }
            if message.is_empty() {
                message.push(0);
            }
        }
        message
    }
}

/// Sends bytes that are no message in a frame, and expects the answer that the decoder's error
/// calls for: about the message when its number could be read, else the end of the session.
async fn answered_as_decoded(router: &TestRouter, peer: &mut Peer, message: &[u8]) {
    let Err(error) = Message::decode(message) else {
        return;
    };
    if frame::split(&framed(message), LIMIT).is_err() {
        // It looks like text as a whole.
        return;
    }
    let (code, text) = (error.reject_code(), Chain(&error).to_string());
    peer.say_bytes(&framed(message)).await;
    match error.sequence() {
        Some(sequence) if sequence > peer.number => {
            peer.number = sequence;
            assert_eq!(peer.answer().await, Some((code, text)));
            if sequence > u64::MAX / 2 {
                *peer = router.connect(1).await;
            }
        }
        sequence => {
            let (found, told) = peer.ended().await.expect("the session is refused");
            if sequence.is_none() {
                assert_eq!((found, told), (code, text));
            }
            *peer = router.connect(1).await;
        }
    }
}

#[tokio::test]
async fn random_and_damaged_messages_are_refused_one_by_one() {
    let (router, mut peer, mut witness) = world().await;
    let mut numbers = Numbers(0x7079_6175_0000_0001);
    let record = peer.record("tls://127.0.0.1:9");
    let sequence = 2;
    let listen = Message::Listen { sequence, record }.encode();
    for round in 0..200 {
        let message = match round % 3 {
            0 => numbers.bytes(100),
            1 => numbers.damage(&listen),
            _ => numbers.damage(&send(2, b"a body")),
        };
        answered_as_decoded(&router, &mut peer, &message).await;
    }
    witness.check(&router).await;
}

#[tokio::test]
async fn random_streams_are_refused() {
    let (router, _, mut witness) = world().await;
    let mut numbers = Numbers(0x7079_6175_0000_0002);
    for _ in 0..50 {
        let mut peer = router.connect(1).await;
        let mut bytes = numbers.bytes(300);
        // Not a byte string, or one above the limit.
        bytes[0] |= 0x80;
        let error = frame::split(&bytes, LIMIT).unwrap_err();
        peer.say_bytes(&bytes).await;
        let (code, text) = peer.ended().await.expect("the session is refused");
        assert_eq!(code, error.reject_code());
        assert!(text.starts_with(&error.to_string()), "{text}");
    }
    witness.check(&router).await;
}

#[tokio::test]
async fn a_damaged_statement_is_refused_by_its_number() {
    let (mut router, mut peer, mut witness) = world().await;
    let record = peer.record("tls://127.0.0.1:9");
    let sequence = peer.next();
    let mut message = Message::Listen { sequence, record }.encode();
    // The array of the record announces five elements in place of four.
    let record = message.windows(2).position(|pair| pair == [0x84, 0x58]);
    message[record.unwrap()] = 0x85;
    let error = Message::decode(&message).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Truncated);
    peer.say_bytes(&framed(&message)).await;
    let (code, text) = peer.answer().await.unwrap();
    assert_eq!(code, RejectCode::Malformed);
    assert!(text.starts_with("byte "), "{text}");
    assert!(router.rejected(1).await.ends_with(&text));
    assert_eq!(peer.send(key(100).identity(), b"x").await, None);
    witness.note(&router).await;
    witness.check(&router).await;
}
