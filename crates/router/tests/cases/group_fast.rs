//! Group, fast, and what else happens in one.

use tuyau_wire::{Class, Level, Message, RejectCode};

use crate::{
    support::peer::{fast, hello},
    world::{GROUP, OTHER, RECIPIENT, SENDER, Strict, World, from_group, id, publish},
};

/// The handle of the sender.
const HANDLE: u64 = 6;

/// The levels that a fast message to a group can have; the others are not bound.
async fn has_levels(sender: &mut Strict) -> [Level; 2] {
    for level in [Level::Stored, Level::Delivered] {
        sender
            .is_not_bound(publish(level, None), RejectCode::Unsupported)
            .await;
    }
    [Level::None, Level::Accepted]
}

/// Publishes, and hears what was asked for.
async fn publishes(sender: &mut Strict, level: Level, body: &[u8]) -> u64 {
    let sent = sender.post(HANDLE, body).await;
    if level == Level::Accepted {
        sender.hears_receipt(level, sent).await;
    }
    sender.hears_nothing().await;
    sent
}

/// What is published on a handle of each level comes to the member.
async fn reaches(sender: &mut Strict, member: &mut Strict) {
    for level in has_levels(sender).await {
        assert_eq!(sender.bind_group(HANDLE, level, None).await, None);
        let first = publishes(sender, level, b"one").await;
        let number = member.hears_announced(from_group(SENDER)).await;
        member.hears_deliver(number, first, b"one").await;
        let second = publishes(sender, level, b"two").await;
        member.hears_deliver(number, second, b"two").await;
        member.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_connected() {
    let world = World::new().await;
    let mut member = world.connect(RECIPIENT).await;
    member.joins().await;
    let mut sender = world.connect(SENDER).await;
    reaches(&mut sender, &mut member).await;
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_dialled() {
    let world = World::with_route(|_| {}).await;
    let mut route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::None).await;
    sender.post(1, b"come").await;
    let mut member = Strict::accept(&mut route).await;
    assert_eq!(member.delivery().await.1, b"come");
    member.joins().await;
    reaches(&mut sender, &mut member).await;
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_offline() {
    let world = World::new().await;
    let mut member = world.connect(RECIPIENT).await;
    member.joins().await;
    drop(member);
    let mut sender = world.connect(SENDER).await;
    for level in has_levels(&mut sender).await {
        assert_eq!(sender.bind_group(HANDLE, level, None).await, None);
        publishes(&mut sender, level, b"x").await;
    }
    let mut member = world.connect(RECIPIENT).await;
    publishes(&mut sender, Level::Accepted, b"it has not joined again").await;
    member.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_unknown() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    for level in has_levels(&mut sender).await {
        assert_eq!(sender.bind_group(HANDLE, level, None).await, None);
        publishes(&mut sender, level, b"is anybody there?").await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_group_request() {
    let world = World::new().await;
    let mut member = world.connect(RECIPIENT).await;
    member.joins().await;
    let mut sender = world.connect(SENDER).await;
    for level in [
        Level::None,
        Level::Accepted,
        Level::Stored,
        Level::Delivered,
    ] {
        let binding = tuyau_wire::Binding {
            class: Class::Request,
            ..publish(level, None)
        };
        sender.is_not_bound(binding, RejectCode::Unsupported).await;
    }
    member.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_publisher() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    let mut same_key = world.connect(SENDER).await;
    let mut member = world.connect(RECIPIENT).await;
    for peer in [&mut sender, &mut same_key, &mut member] {
        peer.joins().await;
    }
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, None).await, None);
    let sent = publishes(&mut sender, Level::Accepted, b"x").await;
    for peer in [&mut same_key, &mut member] {
        let number = peer.hears_announced(from_group(SENDER)).await;
        peer.hears_deliver(number, sent, b"x").await;
    }
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_left() {
    let world = World::new().await;
    let mut member = world.connect(RECIPIENT).await;
    let mut other = world.connect(OTHER).await;
    member.joins().await;
    member.joins().await;
    other.joins().await;
    let mut sender = world.connect(SENDER).await;
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, None).await, None);
    let (sequence, group) = (member.next(), id(GROUP));
    member.say(&Message::Leave { sequence, group }).await;
    member.hears_receipt(Level::Accepted, sequence).await;
    publishes(&mut sender, Level::Accepted, b"x").await;
    member.hears_nothing().await;
    assert_eq!(other.delivery().await.1, b"x");
    // Leaving what one is not in is no error.
    let sequence = member.next();
    member.say(&Message::Leave { sequence, group }).await;
    member.hears_receipt(Level::Accepted, sequence).await;
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_stalled() {
    let world = World::new().await;
    let mut stalled = world.connect(RECIPIENT).await;
    let mut other = world.connect(OTHER).await;
    stalled.joins().await;
    other.joins().await;
    let mut sender = world.connect(SENDER).await;
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, None).await, None);
    // Many times what fits into the queue of the one that does not read, and into what is between.
    let (count, body) = (1000, vec![7; 8192]);
    let mut sent = Vec::new();
    let reads = async {
        for _ in 0..count {
            other.delivered().await;
        }
        other.hears_nothing().await;
    };
    let publishes = async {
        let mut total = 0;
        for _ in 0..count {
            // Within its credit it is never refused.
            while total >= sender.limits.get(&HANDLE).copied().unwrap_or(65_536) {
                let bytes = sender.hear().await.expect("credit comes");
                let message = Message::decode(&bytes).unwrap();
                assert!(matches!(
                    message,
                    Message::Receipt { .. } | Message::Credit { .. }
                ));
            }
            let sequence = sender.post(HANDLE, &body).await;
            total += tuyau_wire::fast::length(HANDLE, sequence, body.len()) as u64;
            sent.push(sequence);
        }
    };
    tokio::join!(reads, publishes);

    // The one that did not read gets the begin, is told of all that it missed, and goes on.
    let last = sender.post(HANDLE, b"last").await;
    assert_eq!(sender.answer_to(last).await, None);
    let number = stalled.hears_announced(from_group(SENDER)).await;
    let (mut expected, mut missed) = (sent.into_iter().peekable(), 0);
    loop {
        let bytes = stalled.heard().await;
        match Message::decode(&bytes).unwrap() {
            Message::Deliver {
                handle,
                sequence,
                body,
            } => {
                assert_eq!(handle, number);
                if body == b"last" {
                    assert_eq!(sequence, last);
                    break;
                }
                assert_eq!(Some(sequence), expected.next(), "none is left out silently");
            }
            Message::Missed {
                handle,
                first,
                last: end,
            } => {
                assert_eq!((handle, Some(first)), (number, expected.next()));
                missed += 1;
                while expected.next_if(|next| *next <= end).is_some() {
                    missed += 1;
                }
                if end >= last {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(missed > 500, "{missed}");
    let next = sender.post(HANDLE, b"next").await;
    stalled.hears_deliver(number, next, b"next").await;
    stalled.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_has_a_key_of_its_own() {
    let world = World::new().await;
    let mut member = world.connect(RECIPIENT).await;
    member.joins().await;
    let mut holder = world.connect(GROUP).await;
    let mut sender = world.connect(SENDER).await;
    // A unicast to the key of the group goes to who connected with it, and to no member.
    let binding = fast(id(GROUP), Level::Accepted);
    assert_eq!(sender.bind(1, binding).await, None);
    let sent = sender.post(1, b"x").await;
    sender.hears_receipt(Level::Accepted, sent).await;
    assert_eq!(holder.delivery().await.1, b"x");
    member.hears_nothing().await;
    // What is published goes to members, and not to who has the key.
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, None).await, None);
    publishes(&mut sender, Level::Accepted, b"y").await;
    assert_eq!(member.delivery().await.1, b"y");
    holder.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_in_no_more_groups_than_allowed() {
    let world = World::with(|settings| settings.limits.groups = 2).await;
    let mut member = world.connect(RECIPIENT).await;
    let join = async |member: &mut Strict, seed| {
        let (sequence, group) = (member.next(), id(seed));
        let (durable, grant) = (false, None);
        member
            .say(&Message::Join {
                sequence,
                group,
                durable,
                grant,
            })
            .await;
        member.answer().await.map(|(code, _)| code)
    };
    assert_eq!(join(&mut member, 60).await, None);
    assert_eq!(join(&mut member, 61).await, None);
    assert_eq!(
        join(&mut member, 61).await,
        None,
        "once is as good as twice"
    );
    assert_eq!(join(&mut member, 62).await, Some(RejectCode::Limit));
    let (sequence, group) = (member.next(), id(60));
    member.say(&Message::Leave { sequence, group }).await;
    member.hears_receipt(Level::Accepted, sequence).await;
    assert_eq!(join(&mut member, 62).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_reads_misses_nothing_that_is_within_the_credit_when_queues_are_short() {
    const BODY: [u8; 1000] = [7; 1000];
    let world = World::with(|settings| {
        settings.limits.frame_bytes = 4096;
        settings.limits.queue_bytes = 64 * 1024;
        settings.limits.credit_bytes = 4096;
    })
    .await;
    let mut member = world.connect(RECIPIENT).await;
    member.joins().await;
    let mut sender = world.connect(SENDER).await;
    assert_eq!(sender.bind_group(HANDLE, Level::None, None).await, None);
    let (mut total, mut limit, mut count) = (0, 4096, 0);
    // All that the credit allows in one write, which the member reads behind it.
    for _ in 0..3 {
        let mut bytes = Vec::new();
        while total < limit {
            let (handle, sequence, body) = (HANDLE, sender.next(), &BODY[..]);
            let send = Message::Send {
                handle,
                sequence,
                body,
            };
            send.encode_frame(&mut bytes);
            total += send.encoded_len() as u64;
            count += 1;
        }
        sender.say_bytes(&bytes).await;
        sender.hears_nothing().await;
        while count > 0 {
            match Message::decode(&member.heard().await).unwrap() {
                Message::Deliver { .. } => count -= 1,
                Message::Announce { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        member.hears_nothing().await;
        sender.hears_nothing().await;
        limit = sender.limits[&HANDLE];
    }
    assert!(limit - total <= 16 * 1024, "{limit} of {total}");
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_too_large() {
    let world = World::new().await;
    let small = hello().with_max_frame(4096).unwrap();
    let mut short = world.connect_with(RECIPIENT, small).await;
    let mut other = world.connect(OTHER).await;
    short.joins().await;
    other.joins().await;
    let mut sender = world.connect(SENDER).await;
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, None).await, None);
    let bodies = [vec![1; 10], vec![2; 5000], vec![3; 10]];
    let mut sent = Vec::new();
    for body in &bodies {
        sent.push(publishes(&mut sender, Level::Accepted, body).await);
    }
    let number = other.hears_announced(from_group(SENDER)).await;
    for (sequence, body) in sent.iter().zip(&bodies) {
        other.hears_deliver(number, *sequence, body).await;
    }
    let handle = short.hears_announced(from_group(SENDER)).await;
    short.hears_deliver(handle, sent[0], &bodies[0]).await;
    let (first, last) = (sent[1], sent[1]);
    short
        .hears(&Message::Missed {
            handle,
            first,
            last,
        })
        .await;
    short.hears_deliver(handle, sent[2], &bodies[2]).await;
    short.hears_nothing().await;
}
