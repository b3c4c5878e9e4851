//! What is found in streams, good and bad.

use alloc::{string::String, vec, vec::Vec};

use super::*;
use crate::{
    Announcement, Binding, Class, DecodeErrorKind, Hello, Level, RejectCode, SecretKey, Signed,
    Target, Withdrawal, capability,
};

fn stream(messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        message.encode_frame(&mut bytes);
    }
    bytes
}

fn findings(bytes: &[u8]) -> Vec<(FindingKind, usize)> {
    Trace::new(bytes)
        .flat_map(|entry| entry.findings)
        .map(|finding| (finding.kind(), finding.offset()))
        .collect()
}

/// The kinds of what is found in these messages behind a hello of this role.
fn after_hello(role: Role, messages: &[Message<'_>]) -> Vec<FindingKind> {
    let hello = Hello::new(role, "test").unwrap();
    let mut all = vec![Message::Hello(hello)];
    all.extend_from_slice(messages);
    let found = findings(&stream(&all));
    found.into_iter().map(|(kind, _)| kind).collect()
}

fn bob() -> Target {
    Target::Identity(SecretKey::from_seed([2; 32]).identity())
}

fn bind(
    sequence: u64,
    handle: u64,
    target: Target,
    class: Class,
    level: Level,
) -> Message<'static> {
    let binding = Binding {
        target,
        class,
        level,
        ttl: 0,
    };
    Message::Bind {
        sequence,
        handle,
        binding,
    }
}

fn send(handle: u64, sequence: u64) -> Message<'static> {
    Message::Send {
        handle,
        sequence,
        body: b"x",
    }
}

fn deliver(handle: u64, sequence: u64) -> Message<'static> {
    Message::Deliver {
        handle,
        sequence,
        body: b"x",
    }
}

fn announce(handle: u64) -> Message<'static> {
    let announcement = Announcement {
        identity: bob().identity(),
        epoch: 0,
        group: None,
        class: Class::Fast,
        acknowledge: false,
        ttl: 0,
    };
    Message::Announce {
        handle,
        announcement,
    }
}

#[test]
fn a_good_stream_has_nothing_to_find() {
    let fast = bind(1, 0, bob(), Class::Fast, Level::Accepted);
    let messages = [fast, send(0, 2), send(0, 9), Message::Ping { token: 0 }];
    assert_eq!(after_hello(Role::Service, &messages), []);
    let messages = [
        announce(7),
        deliver(7, 3),
        deliver(7, 4),
        Message::Pong { token: 0 },
    ];
    assert_eq!(after_hello(Role::Router, &messages), []);
}

#[test]
fn entries_lie_side_by_side() {
    let bytes = stream(&[Message::Ping { token: 1 }, send(1_000, 7)]);
    let mut at = 0;
    for entry in Trace::new(&bytes) {
        assert_eq!(entry.offset, at);
        at += entry.length;
    }
    assert_eq!(at, bytes.len());
}

#[test]
fn what_is_no_stream_is_named() {
    let tls = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc];
    let kinds: [(&[u8], FindingKind); 12] = [
        (b"", FindingKind::Empty),
        (&tls, FindingKind::Tls),
        (&[0x17, 3, 3, 0, 40, 9, 9], FindingKind::Tls),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", FindingKind::Http),
        (b"HTTP/1.1 400 Bad Request\r\n", FindingKind::Http),
        (b"SSH-2.0-OpenSSH_9.9\r\n", FindingKind::Text),
        (b"tuyau: a router\n", FindingKind::Text),
        ("größer\n".as_bytes(), FindingKind::Text),
        (&[0x82, 0x14, 0x01], FindingKind::Unframed),
        (&[0xa1, 0x00, 0x01], FindingKind::NoFrame),
        (&[0x58, 0x03, 0x82, 0x14, 0x01], FindingKind::FrameHead),
        (&[0x5b, 1, 0, 0, 0, 0, 0, 0, 0], FindingKind::TooLong),
    ];
    for (bytes, kind) in kinds {
        assert_eq!(findings(bytes), [(kind, 0)], "{bytes:02x?}");
    }
}

#[test]
fn a_frame_that_is_not_whole_ends_the_stream() {
    let bytes = stream(&[Message::Ping { token: 1 }, Message::Ping { token: 2 }]);
    let found = findings(&bytes[..bytes.len() - 1]);
    assert_eq!(found[1..], [(FindingKind::Truncated, bytes.len() - 1)]);
}

#[test]
fn garbage_behind_messages_is_found_where_it_begins() {
    let mut bytes = stream(&[Message::Ping { token: 1 }]);
    bytes.extend([0x17, 3, 3, 0, 20, 1, 2]);
    assert_eq!(findings(&bytes)[1..], [(FindingKind::Tls, 4)]);
}

#[test]
fn the_limit_is_the_receivers() {
    let body = [7; 100];
    let bytes = stream(&[Message::Replied {
        sequence: 1,
        body: &body,
    }]);
    let mut trace = Trace::new(&bytes).with_max_frame(50);
    let entry = trace.next().unwrap();
    assert_eq!(entry.findings[0].kind(), FindingKind::TooLong);
    assert!(trace.next().is_none());
}

#[test]
fn a_message_that_is_refused_is_found_at_its_byte() {
    // Behind a ping of four bytes: one whose token is 5 in two bytes.
    let bytes = [
        0x43, 0x82, 0x14, 0x01, 0x44, 0x82, 0x14, 0x18, 0x05, 0x43, 0x82, 0x15, 0x01,
    ];
    let entries: Vec<_> = Trace::new(&bytes).collect();
    assert_eq!(entries.len(), 3, "the stream goes on");
    let finding = &entries[1].findings[0];
    assert_eq!(
        finding.kind(),
        FindingKind::Message(DecodeErrorKind::NotShortest)
    );
    assert_eq!(finding.offset(), 7);
    assert!(finding.found().contains("shortest"), "{finding}");
    assert!(!finding.found().contains("byte 2"), "{finding}");
}

#[test]
fn a_hello_of_version_1_is_recognised() {
    let bytes = [0x48, 0x86, 0x00, 0x81, 0x01, 0x80, 0x00, 0x61, 0x78];
    assert_eq!(findings(&bytes), [(FindingKind::Version, 1)]);
}

#[test]
fn a_stream_begins_with_one_hello() {
    let hello = || Message::Hello(Hello::new(Role::Service, "test").unwrap());
    let kinds = |messages: &[Message<'_>]| -> Vec<_> {
        let found = findings(&stream(messages));
        found.into_iter().map(|(kind, _)| kind).collect()
    };
    assert_eq!(kinds(&[Message::Ping { token: 1 }]), [FindingKind::NoHello]);
    let late = [Message::Ping { token: 1 }, hello()];
    assert_eq!(kinds(&late), [FindingKind::NoHello, FindingKind::NoHello]);
    assert_eq!(kinds(&[hello(), hello()]), [FindingKind::SecondHello]);
    let refused = Message::Reject {
        sequence: None,
        code: RejectCode::Limit,
        text: "",
    };
    assert_eq!(kinds(core::slice::from_ref(&refused)), []);
    let ping = Message::Ping { token: 1 };
    assert_eq!(kinds(&[hello(), refused, ping]), [FindingKind::AfterEnd]);
}

#[test]
fn what_the_other_side_sends_is_found() {
    assert_eq!(
        after_hello(
            Role::Service,
            &[Message::Credit {
                handle: 1,
                limit: 1
            }]
        ),
        [FindingKind::WrongSide]
    );
    let receipt = Message::Receipt {
        level: Level::Accepted,
        first: 1,
        last: 1,
    };
    // Without a hello the first such message tells which side it is.
    let found = findings(&stream(&[receipt, Message::Unbind { handle: 1 }]));
    assert_eq!(found[1].0, FindingKind::WrongSide);
}

#[test]
fn numbers_that_do_not_grow_are_found() {
    let fast = |sequence| bind(sequence, 0, bob(), Class::Fast, Level::Accepted);
    for last in [5, 4] {
        let messages = [fast(5), send(0, last)];
        assert_eq!(
            after_hello(Role::Service, &messages),
            [FindingKind::Sequence]
        );
    }
    let messages = [announce(1), deliver(1, 5), deliver(1, 5)];
    assert_eq!(
        after_hello(Role::Router, &messages),
        [FindingKind::Sequence]
    );
    let again = Message::Redeliver {
        handle: 1,
        sequence: 2,
        body: b"",
    };
    let messages = [announce(1), deliver(1, 5), again, deliver(1, 4)];
    assert_eq!(after_hello(Role::Router, &messages), []);
}

#[test]
fn handles_are_known_before_they_are_used() {
    assert_eq!(
        after_hello(Role::Service, &[send(3, 1)]),
        [FindingKind::Unbound]
    );
    let fast = bind(1, 3, bob(), Class::Fast, Level::Accepted);
    let unbound = [fast, Message::Unbind { handle: 3 }, send(3, 2)];
    assert_eq!(after_hello(Role::Service, &unbound), [FindingKind::Unbound]);
    assert_eq!(
        after_hello(Role::Router, &[deliver(3, 1)]),
        [FindingKind::Unannounced]
    );
    let found = findings(&stream(&[send(3, 1), send(3, 2)]));
    assert_eq!(
        found.len(),
        1,
        "a capture that begins later says so once: {found:?}"
    );
}

#[test]
fn combinations_that_are_not_supported_are_found() {
    let group = || Target::Group {
        group: bob().identity(),
        grant: None,
    };
    let found = |target, class, level| {
        after_hello(Role::Service, &[bind(1, 0, target, class, level)])
            .contains(&FindingKind::Combination)
    };
    for &class in Class::ALL {
        for &level in Level::ALL {
            use Level::{Accepted, Delivered, None};
            let (service, to_group) = match class {
                Class::Fast => (&[None, Accepted, Delivered][..], &[None, Accepted][..]),
                Class::Durable => (Level::ALL, Level::ALL),
                Class::Request => (&[None][..], &[][..]),
            };
            assert_eq!(found(bob(), class, level), !service.contains(&level));
            assert_eq!(found(group(), class, level), !to_group.contains(&level));
        }
    }
}

#[test]
fn capabilities_must_be_named() {
    let lookup = Message::Lookup {
        sequence: 1,
        identity: bob().identity(),
    };
    let durable = bind(2, 0, bob(), Class::Durable, Level::Stored);
    let messages = [lookup, durable];
    let missing = [FindingKind::Capability; 2];
    assert_eq!(after_hello(Role::Service, &messages), missing);
    let hello = Hello::new(Role::Service, "test")
        .and_then(|hello| hello.with_capability(capability::LOOKUP))
        .and_then(|hello| hello.with_capability(capability::DURABLE))
        .unwrap();
    let [lookup, durable] = messages;
    assert_eq!(
        findings(&stream(&[Message::Hello(hello), lookup, durable])),
        []
    );
}

fn withdrawal(signature: Option<[u8; 64]>) -> Message<'static> {
    let key = SecretKey::from_seed([1; 32]);
    let withdrawal = Withdrawal {
        identity: key.identity(),
        sequence: 1,
    };
    let mut signed = Signed::sign(&key, withdrawal).unwrap();
    if let Some(signature) = signature {
        signed = Signed::from_parts(signed.bytes(), signature).unwrap();
    }
    Message::Unlisten {
        sequence: 1,
        withdrawal: signed,
    }
}

#[test]
fn signatures_are_verified() {
    for (signature, verdict, kinds) in [
        (None, "signature good}", &[][..]),
        (
            Some([0; 64]),
            "signature bad}",
            &[FindingKind::Signature][..],
        ),
    ] {
        let message = withdrawal(signature);
        assert_eq!(
            after_hello(Role::Service, core::slice::from_ref(&message)),
            kinds
        );
        let bytes = stream(&[message]);
        let fields = Trace::new(&bytes).next().unwrap().fields();
        assert!(fields[1].to_string().ends_with(verdict), "{}", fields[1]);
    }
}

#[test]
fn every_finding_says_what_it_means_and_what_to_do() {
    let mut kinds: Vec<FindingKind> = vec![
        FindingKind::Empty,
        FindingKind::Truncated,
        FindingKind::Tls,
        FindingKind::Http,
        FindingKind::Text,
        FindingKind::Unframed,
        FindingKind::NoFrame,
        FindingKind::FrameHead,
        FindingKind::TooLong,
        FindingKind::WrongSide,
        FindingKind::NoHello,
        FindingKind::SecondHello,
        FindingKind::Version,
        FindingKind::Sequence,
        FindingKind::Unbound,
        FindingKind::Unannounced,
        FindingKind::Combination,
        FindingKind::Capability,
        FindingKind::Signature,
        FindingKind::ForeignGrant,
        FindingKind::AfterEnd,
    ];
    kinds.extend([DecodeErrorKind::Type, DecodeErrorKind::Route].map(FindingKind::Message));
    let names: alloc::collections::BTreeSet<_> = kinds.iter().map(|kind| kind.name()).collect();
    assert_eq!(
        names.len(),
        kinds.len() - 1,
        "both of a message have one name"
    );
    for kind in kinds {
        let finding = Finding::new(kind, 0, String::new());
        assert!(finding.meaning().len() > 10 && finding.remedy().len() > 10);
    }
}
