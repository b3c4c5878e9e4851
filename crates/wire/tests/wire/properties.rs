//! What holds for all messages and all bytes, tried on many.

use proptest::prelude::*;
use tuyau_wire::{
    DecodeErrorKind as Kind, Hello, Identity, Message, Record, RejectCode, Role, SecretKey, Signed,
    Withdrawal, cbor, frame,
};

use crate::support::keys;

fn key() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>().prop_map(SecretKey::from_seed)
}

fn hello() -> impl Strategy<Value = Hello> {
    let capabilities = prop::collection::vec("[!-~]{1,64}", 0..=32);
    let (agent, max_frame) = ("[ -~]{1,128}", 4_096..=u64::MAX);
    (any::<bool>(), agent, capabilities, max_frame).prop_map(|(router, agent, names, max_frame)| {
        let role = if router { Role::Router } else { Role::Service };
        let hello = Hello::new(role, &agent)
            .unwrap()
            .with_max_frame(max_frame)
            .unwrap();
        names
            .iter()
            .fold(hello, |hello, name| hello.with_capability(name).unwrap())
    })
}

fn record() -> impl Strategy<Value = Signed<Record>> {
    let route = prop_oneof![
        (any::<std::net::Ipv4Addr>(), any::<u16>())
            .prop_map(|(ip, port)| format!("tls://{ip}:{port}")),
        (any::<std::net::Ipv6Addr>(), any::<u16>())
            .prop_map(|(ip, port)| format!("tcp://[{ip}]:{port}")),
        "unix:///[a-z]{1,200}",
        "mem://[a-z]{1,60}",
    ];
    let routes = prop::collection::vec(route, 1..=8);
    (key(), any::<u64>(), routes, any::<u64>()).prop_map(|(key, sequence, routes, expires)| {
        let routes = routes.iter().map(|route| route.parse().unwrap()).collect();
        Signed::sign(
            &key,
            Record {
                identity: key.identity(),
                sequence,
                routes,
                expires,
            },
        )
        .unwrap()
    })
}

fn withdrawal() -> impl Strategy<Value = Signed<Withdrawal>> {
    (key(), any::<u64>()).prop_map(|(key, sequence)| {
        Signed::sign(
            &key,
            Withdrawal {
                identity: key.identity(),
                sequence,
            },
        )
        .unwrap()
    })
}

/// Every kind of message; what is borrowed is given separately.
fn message<'a>(body: &'a [u8], text: &'a str) -> BoxedStrategy<Message<'a>>
where
    'a: 'static,
{
    let identity = || key().prop_map(|key| key.identity());
    let request = any::<u64>();
    prop_oneof![
        hello().prop_map(Message::Hello),
        (request, record()).prop_map(|(request, record)| Message::Listen { request, record }),
        (request, withdrawal()).prop_map(|(request, withdrawal)| Message::Unlisten {
            request,
            withdrawal
        }),
        (request, identity()).prop_map(move |(request, to)| Message::Send { request, to, body }),
        (request, identity()).prop_map(move |(request, from)| Message::Deliver {
            from,
            request,
            body
        }),
        (request, identity()).prop_map(|(request, identity)| Message::Lookup { request, identity }),
        (request, record()).prop_map(|(request, record)| Message::Found { request, record }),
        request.prop_map(|request| Message::Accept { request }),
        (any::<Option<u64>>(), any::<u64>()).prop_map(move |(request, code)| Message::Reject {
            request,
            code: RejectCode::from_u64(code),
            text,
        }),
    ]
    .boxed()
}

/// Where the heads of all items in a deterministic item are, without looking into byte strings.
fn heads(bytes: &[u8]) -> Vec<usize> {
    let mut heads = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        heads.push(at);
        let (length, value) = read_head(&bytes[at..]);
        at += length;
        if matches!(bytes[heads[heads.len() - 1]] >> 5, 2 | 3) {
            at += value as usize;
        }
    }
    heads
}

fn read_head(bytes: &[u8]) -> (usize, u64) {
    let info = bytes[0] & 0x1f;
    if info < 24 {
        return (1, u64::from(info));
    }
    let length = 1 << (info - 24);
    let value = bytes[1..=length]
        .iter()
        .fold(0, |value, &byte| value << 8 | u64::from(byte));
    (1 + length, value)
}

/// The same item with the head at `at` in a longer form: all that are longer.
fn widened(bytes: &[u8], at: usize) -> impl Iterator<Item = Vec<u8>> {
    let (length, value) = read_head(&bytes[at..]);
    [1, 2, 4, 8]
        .into_iter()
        .filter(move |extra| extra + 1 > length)
        .map(move |extra: usize| {
            let mut wide = bytes[..at].to_vec();
            wide.push(bytes[at] & 0xe0 | (24 + extra.trailing_zeros() as u8));
            wide.extend(&value.to_be_bytes()[8 - extra..]);
            wide.extend(&bytes[at + length..]);
            wide
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn decoding_gives_back_what_was_encoded(
        message in message(b"hi there", "because"),
    ) {
        let bytes = message.encode();
        prop_assert_eq!(cbor::check(&bytes), Ok(()));
        prop_assert_eq!(Message::decode(&bytes).unwrap(), message);
    }

    #[test]
    fn bodies_and_texts_come_through(
        body in prop::collection::vec(any::<u8>(), 0..2_000),
        text in "\\P{Cc}{0,128}",
        request in any::<u64>(),
    ) {
        let to = keys::bob().identity();
        let send = Message::Send { request, to, body: &body };
        let bytes = send.encode();
        prop_assert_eq!(Message::decode(&bytes).unwrap(), send);
        let reject = Message::Reject { request: None, code: RejectCode::Limit, text: &text };
        let bytes = reject.encode();
        prop_assert_eq!(Message::decode(&bytes).unwrap(), reject);
    }

    #[test]
    fn any_text_makes_a_reject_that_decodes(text in any::<String>()) {
        let reject = Message::Reject { request: None, code: RejectCode::Limit, text: &text };
        prop_assert!(Message::decode(&reject.encode()).is_ok());
    }

    #[test]
    fn a_longer_head_anywhere_is_refused(message in message(b"hi there", "because")) {
        let bytes = message.encode();
        for at in heads(&bytes).into_iter().filter(|at| bytes[*at] >> 5 != 7) {
            for wide in widened(&bytes, at) {
                let error = Message::decode(&wide).unwrap_err();
                prop_assert_eq!((error.kind(), error.offset()), (Kind::NotShortest, at));
            }
        }
    }

    #[test]
    fn an_indefinite_length_anywhere_is_refused(message in message(b"hi there", "because")) {
        let bytes = message.encode();
        for at in heads(&bytes).into_iter().filter(|at| matches!(bytes[*at] >> 5, 2..=5)) {
            let (length, _) = read_head(&bytes[at..]);
            let begin = [bytes[at] | 0x1f];
            let indefinite = [&bytes[..at], &begin, &bytes[at + length..], &[0xff]].concat();
            let error = Message::decode(&indefinite).unwrap_err();
            prop_assert_eq!((error.kind(), error.offset()), (Kind::Indefinite, at));
        }
    }

    #[test]
    fn a_longer_head_in_a_record_is_refused(record in record()) {
        for at in heads(record.bytes()) {
            for wide in widened(record.bytes(), at) {
                let error = Signed::<Record>::from_parts(&wide, [0; 64]).unwrap_err();
                prop_assert_eq!((error.kind(), error.offset()), (Kind::NotShortest, at));
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let checked = cbor::check(&bytes).is_ok();
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert!(checked);
            prop_assert_eq!(message.encode(), bytes.clone());
        }
        if let Ok(Some(frame)) = frame::split(&bytes, 100) {
            prop_assert!(frame.message.len() <= 100 && frame.length <= bytes.len());
        }
    }

    #[test]
    fn nested_random_items_never_panic(
        bytes in prop::collection::vec(prop::sample::select(&HEADS[..]), 0..60),
    ) {
        let _ = cbor::check(&bytes);
        let _ = Message::decode(&bytes);
    }

    #[test]
    fn frames_come_out_however_the_stream_is_cut(
        lengths in prop::collection::vec(0_usize..400, 1..8),
        step in 1_usize..50,
    ) {
        let to = keys::bob().identity();
        let bodies: Vec<_> = lengths.iter().map(|&length| vec![7; length]).collect();
        let mut stream = Vec::new();
        for body in &bodies {
            Message::Send { request: 1, to, body }.encode_frame(&mut stream);
        }
        let (mut start, mut end, mut found) = (0, 0, 0);
        while end < stream.len() {
            end = stream.len().min(end + step);
            while let Some(frame) = frame::split(&stream[start..end], 1_000).unwrap() {
                let body = &bodies[found];
                prop_assert_eq!(Message::decode(frame.message).unwrap(), Message::Send { request: 1, to, body });
                (start, found) = (start + frame.length, found + 1);
            }
        }
        prop_assert_eq!((start, found), (stream.len(), bodies.len()));
    }

    #[test]
    fn identities_come_through_their_text(key in key(), upper in any::<bool>()) {
        let identity = key.identity();
        let text = identity.to_string();
        let text = if upper { text.to_uppercase() } else { text };
        prop_assert_eq!(text.parse::<Identity>(), Ok(identity));
    }

    #[test]
    fn up_to_four_typing_errors_are_caught(
        places in prop::collection::btree_set(6_usize..64, 1..=4),
        letters in prop::collection::vec(prop::sample::select(&b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[..]), 3),
    ) {
        let identity = keys::alice().identity();
        let mut text = identity.to_string().into_bytes();
        for (place, letter) in places.into_iter().zip(letters) {
            text[place] = letter;
        }
        let read = String::from_utf8(text).unwrap().parse::<Identity>();
        prop_assert!(read.is_err() || read == Ok(identity));
    }

    #[test]
    fn keys_come_through_their_file(key in key()) {
        let read = SecretKey::from_pkcs8_pem(&key.to_pkcs8_pem()).unwrap();
        prop_assert_eq!(read.identity(), key.identity());
    }

    #[test]
    fn random_text_is_no_key(text in any::<String>()) {
        prop_assert!(SecretKey::from_pkcs8_pem(&text).is_err());
        prop_assert!(text.parse::<Identity>().is_err());
    }
}

/// First bytes that open something or are short, so that random items nest.
const HEADS: [u8; 24] = [
    0x00, 0x01, 0x17, 0x18, 0x20, 0x40, 0x41, 0x60, 0x61, 0x80, 0x81, 0x82, 0x83, 0x84, 0x9f, 0xa0,
    0xa1, 0xa2, 0xa3, 0xc0, 0xf4, 0xf6, 0xf9, 0xff,
];
