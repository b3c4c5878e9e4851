use std::task::Waker;

use tuyau_wire::{Announcement, Class, Identity, Level, SecretKey, fast::Kind, frame};

use super::*;
use crate::{
    lane::{Destination, Plan},
    numbers::Numbers,
};

/// The longest message that peers of these tests accept, in bytes.
const MAX_FRAME: usize = 1 << 22;

fn identity(seed: u8) -> Identity {
    SecretKey::from_seed([seed; 32]).identity()
}

/// A queue of a peer that has said hello.
fn outbox(session: u64, limit: usize) -> Outbox {
    let outbox = Outbox::new(SessionId(session), limit);
    outbox.greet(MAX_FRAME, 1024);
    outbox
}

/// A lane of this sender that has 1,000 bytes of credit.
fn lane(numbers: &Numbers, sender: &Outbox, level: Level) -> Arc<Lane> {
    let announcement = Announcement {
        identity: identity(1),
        epoch: 0,
        group: None,
        class: Class::Fast,
        acknowledge: level == Level::Delivered,
        ttl: 0,
    };
    let plan = Plan {
        announcement,
        sender: Some((7, sender.clone())),
        to: Destination::Router,
        level,
        credit: 1000,
        mail: None,
    };
    Arc::new(Lane::new(numbers.take(), plan))
}

/// Queues a message, and gives whether the queue took it.
fn deliver(outbox: &Outbox, lane: &Arc<Lane>, sequence: u64, body: &[u8]) -> Result<(), Refusal> {
    let mut delivery = outbox.deliver(lane).expect("the session is open");
    delivery.push(sequence, body, body.len() as u64)
}

/// Publishes one message to this queue and no other.
fn publish(outbox: &Outbox, lane: &Arc<Lane>, sequence: u64, body: &[u8]) {
    publish_batch(outbox, lane, sequence, &[body.len()]);
}

/// Publishes a batch of messages with bodies of these lengths, the first with this number.
fn publish_batch(outbox: &Outbox, lane: &Arc<Lane>, first: u64, bodies: &[usize]) {
    let (mut frames, mut longest) = (Vec::new(), 0);
    for (sequence, body) in (first..).zip(bodies) {
        let parts = tuyau_wire::fast::Parts {
            kind: Kind::Deliver,
            handle: lane.number(),
            sequence,
            body: &vec![0; *body],
        };
        longest = longest.max(tuyau_wire::fast::write(&mut frames, parts));
    }
    let batch = Batch {
        frames: &frames,
        longest,
        first,
        last: first + bodies.len() as u64 - 1,
    };
    let bytes = bodies.iter().sum::<usize>() as u64;
    let shared = Shared::new(lane.clone(), bytes);
    let mut delivery = outbox.deliver(lane).expect("the session is open");
    delivery.push_shared(&batch, &shared);
    drop(delivery);
    Run::Shared(shared).settle();
}

/// What is written next, message by message.
fn take(outbox: &Outbox) -> Vec<String> {
    let mut frames = Vec::new();
    outbox.take(&mut frames);
    let (mut rest, mut messages) = (&frames[..], Vec::new());
    while let Some(frame) = frame::split(rest, usize::MAX).unwrap() {
        messages.push(match Message::decode(frame.message).unwrap() {
            Message::Announce { handle, .. } => format!("announce {handle}"),
            Message::Deliver {
                handle, sequence, ..
            } => format!("deliver {handle} {sequence}"),
            Message::Missed {
                handle,
                first,
                last,
            } => format!("missed {handle} {first}-{last}"),
            Message::Credit { handle, limit } => format!("credit {handle} {limit}"),
            Message::Reject { sequence, code, .. } => format!("reject {sequence:?} {code}"),
            other => other.name().to_owned(),
        });
        rest = &rest[frame.length..];
    }
    messages
}

fn is_full(outbox: &Outbox) -> bool {
    let waker = Waker::noop();
    outbox.orders(&Context::from_waker(waker)).full
}

#[test]
fn refuses_deliveries_above_the_limit_and_takes_answers() {
    let (sender, recipient) = (outbox(1, 200), outbox(2, 200));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    assert_eq!(deliver(&recipient, &lane, 1, &[0; 100]), Ok(()));
    assert_eq!(deliver(&recipient, &lane, 2, &[0; 100]), Err(Refusal::Full));
    let token = 0;
    while !is_full(&recipient) {
        recipient.tell(&Message::Pong { token });
    }
    assert_eq!(recipient.closing(), None);
}

#[test]
fn a_peer_that_lets_too_many_answers_wait_is_closed() {
    let outbox = outbox(1, 200);
    outbox.tell_frames(&vec![0; REPLIES + 600]);
    assert_eq!(outbox.closing(), None);
    outbox.tell(&Message::Pong { token: 0 });
    let reason = outbox.closing().expect("answers have a limit as well");
    assert!(reason.contains("does not read the answers"), "{reason}");
}

#[test]
fn refuses_what_is_longer_than_the_peer_accepts() {
    let (sender, recipient) = (outbox(1, 10_000), outbox(2, 10_000));
    recipient.greet(4096, 1024);
    let lane = lane(&Numbers::default(), &sender, Level::None);
    let refused = deliver(&recipient, &lane, 1, &[0; 4096]);
    assert_eq!(refused, Err(Refusal::TooLarge { limit: 4096 }));
    assert_eq!(deliver(&recipient, &lane, 2, &[0; 4000]), Ok(()));
}

#[test]
fn gives_frames_in_order_and_has_room_again_when_they_are_written() {
    let (sender, recipient) = (outbox(1, 100), outbox(2, 100));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    assert_eq!(deliver(&recipient, &lane, 1, &[1; 10]), Ok(()));
    recipient.tell(&Message::Pong { token: 0 });
    assert_eq!(take(&recipient), ["announce 0", "deliver 0 1", "pong"]);
    assert_eq!(
        deliver(&recipient, &lane, 2, &[0; 50]),
        Err(Refusal::Full),
        "what is being written counts"
    );
    assert!(take(&recipient).is_empty());
    assert_eq!(deliver(&recipient, &lane, 3, &[0; 50]), Ok(()));
}

#[test]
fn announces_a_lane_once_in_a_session() {
    let numbers = Numbers::default();
    let (sender, first, second) = (outbox(1, 1000), outbox(2, 1000), outbox(3, 1000));
    let lanes = [(); 2].map(|()| lane(&numbers, &sender, Level::None));
    for (sequence, lane) in [(1, 0), (2, 1), (3, 0)] {
        assert_eq!(deliver(&first, &lanes[lane], sequence, b"x"), Ok(()));
    }
    assert_eq!(deliver(&second, &lanes[0], 4, b"x"), Ok(()));
    assert_eq!(
        take(&first),
        [
            "announce 0",
            "deliver 0 1",
            "announce 1",
            "deliver 1 2",
            "deliver 0 3"
        ]
    );
    assert_eq!(take(&second), ["announce 0", "deliver 0 4"]);
}

#[test]
fn a_number_that_is_used_again_is_announced_anew() {
    let numbers = Numbers::default();
    let (sender, recipient) = (outbox(1, 1000), outbox(2, 1000));
    let first = lane(&numbers, &sender, Level::None);
    assert_eq!(deliver(&recipient, &first, 1, b"x"), Ok(()));
    let number = first.number();
    assert_eq!(take(&recipient).len(), 2);
    take(&recipient);
    drop(first);
    assert!(
        recipient.announced(number).is_none(),
        "it stands for nothing"
    );
    // Numbers rest before they are used again.
    let second = loop {
        let lane = lane(&numbers, &sender, Level::None);
        if lane.number() == number {
            break lane;
        }
    };
    assert_eq!(deliver(&recipient, &second, 2, b"x"), Ok(()));
    assert_eq!(take(&recipient), ["announce 0", "deliver 0 2"]);
    let announced = recipient.announced(number).unwrap();
    assert!(Arc::ptr_eq(&announced, &second));
}

#[test]
fn a_sender_gets_credit_back_when_its_messages_are_written() {
    let (sender, recipient) = (outbox(1, 10_000), outbox(2, 10_000));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    assert_eq!(deliver(&recipient, &lane, 1, &[0; 600]), Ok(()));
    assert_eq!(take(&recipient).len(), 2);
    assert!(take(&sender).is_empty(), "it is being written");
    take(&recipient);
    assert_eq!(take(&sender), ["credit 7 1600"]);
    assert_eq!(lane.limit(), 1600);
}

#[test]
fn credit_is_told_of_when_half_of_it_is_free() {
    let (sender, recipient) = (outbox(1, 10_000), outbox(2, 10_000));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    for sequence in 1..=4 {
        assert_eq!(deliver(&recipient, &lane, sequence, &[0; 100]), Ok(()));
        take(&recipient);
    }
    take(&recipient);
    assert!(take(&sender).is_empty(), "400 of 1,000");
    assert_eq!(deliver(&recipient, &lane, 5, &[0; 100]), Ok(()));
    take(&recipient);
    take(&recipient);
    assert_eq!(take(&sender), ["credit 7 1500"]);
}

#[test]
fn the_end_of_a_session_gives_credit_back_for_what_was_not_written() {
    let (sender, recipient) = (outbox(1, 10_000), outbox(2, 10_000));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    assert_eq!(deliver(&recipient, &lane, 1, &[0; 300]), Ok(()));
    take(&recipient);
    assert_eq!(deliver(&recipient, &lane, 2, &[0; 300]), Ok(()));
    recipient.end();
    assert_eq!(take(&sender), ["credit 7 1600"]);
    assert!(recipient.deliver(&lane).is_none());
    assert!(take(&recipient).is_empty());
}

#[test]
fn the_end_of_a_session_is_told_to_those_who_wait_for_its_answers() {
    let (sender, recipient) = (outbox(1, 10_000), outbox(2, 10_000));
    let lane = lane(&Numbers::default(), &sender, Level::Delivered);
    for sequence in 1..=3 {
        assert_eq!(deliver(&recipient, &lane, sequence, b"x"), Ok(()));
        let (recipient, until) = (recipient.clone(), None);
        lane.await_answer(sequence, crate::lane::Open { recipient, until });
    }
    lane.acknowledge(&recipient, 2, 2);
    recipient.end();
    assert_eq!(
        take(&sender),
        [
            "receipt",
            "reject Some(1) unreachable",
            "reject Some(3) unreachable"
        ]
    );
    let told = lane.take_refusal().map(|refusal| refusal.to_string());
    let told = told.expect("whoever watches is told");
    assert!(told.contains("ended before it answered"), "{told}");
    assert!(lane.take_refusal().is_none(), "of the first one");
}

#[test]
fn a_member_that_has_no_room_misses_messages_and_is_told_before_the_next() {
    let (sender, member) = (outbox(1, 10_000), outbox(2, 200));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    for sequence in 1..=4 {
        publish(&member, &lane, sequence, &[0; 100]);
    }
    assert_eq!(take(&member), ["announce 0", "deliver 0 1", "missed 0 2-4"]);
    publish(&member, &lane, 5, &[0; 100]);
    assert_eq!(
        take(&member),
        ["missed 0 5-5"],
        "the others are being written"
    );
    publish(&member, &lane, 6, &[0; 60]);
    assert_eq!(take(&member), ["deliver 0 6"]);
}

#[test]
fn what_a_member_misses_costs_the_publisher_no_credit() {
    let (sender, member) = (outbox(1, 10_000), outbox(2, 200));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    publish(&member, &lane, 1, &[0; 10]);
    assert!(take(&sender).is_empty());
    publish(&member, &lane, 2, &[0; 600]);
    assert_eq!(take(&sender), ["credit 7 1600"]);
}

#[test]
fn a_peer_has_one_turn_at_a_time() {
    let outbox = outbox(1, 100);
    let is_busy = || {
        let waker = Waker::noop();
        outbox.orders(&Context::from_waker(waker)).busy
    };
    assert!(!is_busy());
    outbox.begin_turn(Some(3));
    assert!(is_busy());
    assert_eq!(outbox.sequence(), Some(3));
    outbox.end_turn(Some(5));
    assert!(!is_busy());
    assert_eq!(outbox.sequence(), Some(5));
}

#[test]
fn takes_nothing_more_once_closing() {
    let (sender, recipient) = (outbox(1, 100), outbox(2, 100));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    recipient.close("first");
    recipient.close("second");
    assert_eq!(recipient.closing().as_deref(), Some("first"));
    assert!(recipient.deliver(&lane).is_none());
}

#[test]
fn an_idle_queue_keeps_no_memory_of_a_flood() {
    let outbox = outbox(1, 1 << 20);
    outbox.tell_frames(&vec![0x40; 100_000]);
    let mut written = Vec::new();
    outbox.take(&mut written);
    written.clear();
    outbox.take(&mut written);
    written.clear();
    outbox.take(&mut written);
    assert!(outbox.lock().frames.capacity() <= KEPT);
}

#[test]
fn a_publisher_does_not_wait_for_a_member_that_takes_nothing() {
    let numbers = Numbers::default();
    let (sender, member) = (outbox(1, 10_000), outbox(2, 10_000));
    let [group, unicast] = [(); 2].map(|()| lane(&numbers, &sender, Level::None));
    publish(&member, &group, 1, &[0; 600]);
    assert_eq!(deliver(&member, &unicast, 2, &[0; 700]), Ok(()));
    take(&member);
    assert!(take(&sender).is_empty());
    member.release_shared();
    assert_eq!(take(&sender), ["credit 7 1600"]);
    // Nor does it wait for it with what comes later, while it still takes nothing.
    publish(&member, &group, 3, &[0; 600]);
    assert_eq!(take(&sender), ["credit 7 2200"]);
    take(&member);
    assert_eq!(take(&sender), ["credit 7 1700"], "unicasts still wait");
    publish(&member, &group, 4, &[0; 600]);
    assert!(take(&sender).is_empty(), "it reads again");
}

#[test]
fn takes_one_delivery_of_any_length_when_empty() {
    let (sender, recipient) = (outbox(1, 10), outbox(2, 10));
    let lane = lane(&Numbers::default(), &sender, Level::None);
    assert_eq!(deliver(&recipient, &lane, 1, &[0; 1000]), Ok(()));
    assert_eq!(deliver(&recipient, &lane, 2, &[]), Err(Refusal::Full));
    take(&recipient);
    take(&recipient);
    assert_eq!(deliver(&recipient, &lane, 3, &[0; 1000]), Ok(()));
}

#[test]
fn a_member_that_accepts_only_shorter_messages_is_told_at_once_that_it_misses_one() {
    let (sender, member) = (outbox(1, 10_000), outbox(2, 10_000));
    member.greet(4096, 1024);
    let lane = lane(&Numbers::default(), &sender, Level::None);
    publish(&member, &lane, 1, &[0; 5000]);
    assert_eq!(take(&member), ["announce 0", "missed 0 1-1"]);
    publish(&member, &lane, 2, &[0; 5000]);
    assert_eq!(take(&member), ["missed 0 2-2"], "nothing else waits");
    publish(&member, &lane, 3, &[0; 10]);
    assert_eq!(take(&member), ["deliver 0 3"]);
}

#[test]
fn a_member_that_accepts_only_shorter_messages_misses_no_others_of_a_batch() {
    let (sender, member) = (outbox(1, 10_000), outbox(2, 10_000));
    member.greet(4096, 1024);
    let lane = lane(&Numbers::default(), &sender, Level::None);
    publish_batch(&member, &lane, 1, &[10, 5000, 5000, 10, 5000]);
    assert_eq!(
        take(&member),
        [
            "announce 0",
            "deliver 0 1",
            "missed 0 2-3",
            "deliver 0 4",
            "missed 0 5-5"
        ]
    );
    assert!(take(&sender).is_empty(), "it is being written");
    take(&member);
    assert_eq!(take(&sender), ["credit 7 16020"]);
}

#[test]
fn what_a_member_does_not_accept_takes_no_room_from_what_it_does() {
    let (sender, member) = (outbox(1, 10_000), outbox(2, 10_000));
    member.greet(4096, 1024);
    let lane = lane(&Numbers::default(), &sender, Level::None);
    publish_batch(&member, &lane, 1, &[4000]);
    publish_batch(&member, &lane, 2, &[9000, 4000]);
    publish_batch(&member, &lane, 4, &[9000, 4000]);
    assert_eq!(
        take(&member),
        [
            "announce 0",
            "deliver 0 1",
            "missed 0 2-2",
            "deliver 0 3",
            "missed 0 4-5"
        ],
        "the last one has no room"
    );
}
