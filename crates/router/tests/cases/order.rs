//! Order, numbers and takeover while many sessions are busy.

use std::collections::HashMap;

use tuyau_core::FlowExt;
use tuyau_wire::{Class, Identity, Level, Message, RejectCode};

use crate::{
    support::peer::fast,
    world::{OTHER, RECIPIENT, SENDER, Strict, World, from_group, id},
};

const HANDLE: u64 = 1;

/// Sends this many messages as its credit allows, in writes of several; gives the numbers.
async fn stream(sender: &mut Strict, count: usize, body: &[u8]) -> Vec<u64> {
    let (mut sent, mut total, mut bytes) = (Vec::new(), 0, Vec::new());
    for _ in 0..count {
        let (handle, sequence) = (HANDLE, sender.next());
        Message::Send {
            handle,
            sequence,
            body,
        }
        .encode_frame(&mut bytes);
        total += tuyau_wire::fast::length(handle, sequence, body.len()) as u64;
        sent.push(sequence);
        let limit = |sender: &Strict| sender.limits.get(&HANDLE).copied().unwrap_or(65_536);
        if bytes.len() > 10_000 || total >= limit(sender) {
            sender.say_bytes(&bytes).await;
            bytes.clear();
        }
        while total >= limit(sender) {
            let message = sender.hear().await.expect("credit comes");
            let message = Message::decode(&message).unwrap();
            assert!(matches!(message, Message::Credit { .. }), "{message:?}");
        }
    }
    sender.say_bytes(&bytes).await;
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_order_of_each_sender_is_kept_under_load() {
    const COUNT: usize = 3_000;
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut senders = Vec::new();
    for seed in 10..16 {
        let mut sender = world.connect(seed).await;
        sender.bind_fast(HANDLE, Level::None).await;
        senders.push(tokio::spawn(async move {
            let length = 20 * usize::from(seed);
            let sent = stream(&mut sender, COUNT, &vec![seed; length]).await;
            sender.hears_nothing().await;
            ((id(seed), seed), sent)
        }));
    }
    let mut came: HashMap<_, Vec<u64>> = HashMap::new();
    for _ in 0..6 * COUNT {
        let (announcement, sequence, body) = recipient.delivered().await;
        assert!(body.len() >= 200 && body.iter().all(|byte| *byte == body[0]));
        let of_sender = came.entry((announcement.identity, body[0])).or_default();
        of_sender.push(sequence);
    }
    for sender in senders {
        let (who, sent) = sender.await.unwrap();
        assert_eq!(came[&who], sent);
    }
    recipient.hears_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_order_of_each_publisher_is_kept_for_each_member() {
    const COUNT: usize = 1_000;
    let world = World::new().await;
    let mut members = Vec::new();
    for seed in 20..24 {
        let mut member = world.connect(seed).await;
        member.joins().await;
        members.push(tokio::spawn(async move {
            let mut last: HashMap<Identity, u64> = HashMap::new();
            let mut came = 0;
            while came < 3 * COUNT {
                let bytes = member.hear().await.unwrap();
                match Message::decode(&bytes).unwrap() {
                    Message::Deliver {
                        handle, sequence, ..
                    } => {
                        let from = member.announced[&handle];
                        let before = last.insert(from.identity, sequence);
                        assert!(before.is_none_or(|before| before < sequence));
                        came += 1;
                    }
                    Message::Announce { .. } => {}
                    other => panic!("a member that reads misses nothing: {other:?}"),
                }
            }
            last.len()
        }));
    }
    let mut publishers = Vec::new();
    for seed in 10..13 {
        let mut publisher = world.connect(seed).await;
        assert_eq!(publisher.bind_group(HANDLE, Level::None, None).await, None);
        publishers.push(tokio::spawn(async move {
            stream(&mut publisher, COUNT, &[7; 100]).await;
            publisher.hears_nothing().await;
        }));
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
    for member in members {
        assert_eq!(member.await.unwrap(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_must_grow_whichever_way_a_message_goes() {
    // Of the handles one leads to a session, one to nobody, one to a group, one to the router.
    for (first, second) in [
        (1, 2),
        (2, 1),
        (1, 1),
        (2, 2),
        (3, 1),
        (1, 3),
        (4, 3),
        (3, 4),
    ] {
        let world = World::new().await;
        let _recipient = world.connect(RECIPIENT).await;
        let mut sender = world.connect(SENDER).await;
        sender.bind_fast(1, Level::None).await;
        assert_eq!(sender.bind(2, fast(id(OTHER), Level::None)).await, None);
        assert_eq!(sender.bind_group(3, Level::None, None).await, None);
        assert_eq!(sender.bind(4, fast(id(100), Level::None)).await, None);
        let send = |handle, sequence| {
            let (body, mut bytes) = (&b"x"[..], Vec::new());
            Message::Send {
                handle,
                sequence,
                body,
            }
            .encode_frame(&mut bytes);
            bytes
        };
        // Gaps are allowed, a number that is not greater is not.
        sender.say_bytes(&send(first, 100)).await;
        sender.say_bytes(&send(second, 1000)).await;
        sender.number = 1000;
        sender.drain().await;
        let bytes = [send(first, 2000), send(second, 2000)].concat();
        sender.say_bytes(&bytes).await;
        let (code, text) = sender.ended().await.expect("the session ends");
        assert_eq!(code, RejectCode::Malformed, "{first} and {second}");
        assert!(text.contains("greater than 2000, the one before"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_uses_numbers_again_and_announces_them_anew() {
    // Numbers rest until more than a thousand others do.
    const BINDS: u64 = 2_100;
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    let mut seen: HashMap<u64, u64> = HashMap::new();
    for round in 0..BINDS {
        let binding = tuyau_wire::Binding {
            ttl: round + 1,
            ..fast(id(RECIPIENT), Level::None)
        };
        assert_eq!(sender.bind(HANDLE, binding).await, None);
        let sent = sender.post(HANDLE, b"x").await;
        let number = recipient
            .hears_announce(SENDER, Class::Fast, false, round + 1)
            .await;
        recipient.hears_deliver(number, sent, b"x").await;
        *seen.entry(number).or_default() += 1;
    }
    assert!(seen.values().any(|times| *times > 1), "numbers stay small");
    assert!(seen.keys().all(|number| *number < 1_100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_service_that_connects_again_and_again_is_reached_in_its_newest_session() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(HANDLE, Level::Accepted).await;
    let mut recipient = world.connect(RECIPIENT).await;
    recipient.joins().await;
    assert_eq!(sender.bind_group(2, Level::Accepted, None).await, None);
    for round in 0..50_u64 {
        // The end of the older one is on its way while the newer one begins.
        let older = recipient;
        recipient = world.connect(RECIPIENT).await;
        recipient.joins().await;
        drop(older);
        for _ in 0..3 {
            let sent = sender.post(HANDLE, b"x").await;
            assert_eq!(sender.answer_to(sent).await, None, "round {round}");
            let (from, number, _) = recipient.delivered().await;
            assert_eq!((from.identity, number), (id(SENDER), sent));
        }
        let sent = sender.post(2, b"y").await;
        assert_eq!(sender.answer_to(sent).await, None);
        let (from, number, _) = recipient.delivered().await;
        assert_eq!((from, number), (from_group(SENDER), sent));
    }
    // Long after the ends of the others are known.
    let mut peer = recipient;
    peer.flow.flush().await.unwrap();
    let sent = sender.post(HANDLE, b"z").await;
    assert_eq!(sender.answer_to(sent).await, None);
    assert_eq!(peer.delivered().await.1, sent);
}

#[tokio::test(start_paused = true)]
async fn messages_that_waited_come_before_those_that_did_not_have_to() {
    let world = World::with_route(|_| {}).await;
    let mut route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(HANDLE, Level::None).await;
    let mut sent = Vec::new();
    for _ in 0..50 {
        sent.push(sender.post(HANDLE, b"before").await);
    }
    let posting = async {
        for _ in 0..500 {
            sent.push(sender.post(HANDLE, b"meanwhile").await);
        }
        sender.hears_nothing().await;
    };
    let (mut recipient, ()) = tokio::join!(Strict::accept(&mut route), posting);
    for sequence in sent {
        assert_eq!(recipient.delivered().await.1, sequence);
    }
}
