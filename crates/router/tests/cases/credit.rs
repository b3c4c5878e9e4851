//! How much a sender may send on a handle.

use tuyau_wire::{Level, Message, RejectCode, fast::length};

use crate::{
    support::peer::fast,
    world::{OTHER, RECIPIENT, SENDER, Strict, World, id},
};

/// What may be sent on a fresh handle in these tests, in bytes.
const CREDIT: u64 = 10_000;

const HANDLE: u64 = 1;

async fn world_in_which_dials_take_long() -> World {
    World::with_route(|settings| settings.limits.credit_bytes = CREDIT).await
}

/// Frames with so many messages of this length on the handle, and their numbers.
fn messages(sender: &mut Strict, count: usize, body: usize) -> (Vec<u8>, Vec<u64>) {
    let (mut bytes, mut numbers) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (handle, sequence, body) = (HANDLE, sender.next(), &vec![7; body][..]);
        Message::Send {
            handle,
            sequence,
            body,
        }
        .encode_frame(&mut bytes);
        numbers.push(sequence);
    }
    (bytes, numbers)
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_dial_is_within_the_credit() {
    let world = world_in_which_dials_take_long().await;
    let mut route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    // The messages come with their bind, and more of them than the credit allows.
    let sequence = sender.next();
    let (handle, binding) = (HANDLE, fast(id(RECIPIENT), Level::None));
    let mut bytes = Vec::new();
    Message::Bind {
        sequence,
        handle,
        binding,
    }
    .encode_frame(&mut bytes);
    let (frames, numbers) = messages(&mut sender, 20, 1000);
    bytes.extend(frames);
    sender.say_bytes(&bytes).await;
    sender.hears_receipt(Level::Accepted, sequence).await;
    // Nine make 9,072 bytes, the tenth overshoots.
    for number in &numbers[10..] {
        sender.hears_reject(*number, RejectCode::Congested).await;
    }
    sender.hears_nothing().await;
    assert!(sender.limits.is_empty(), "all of it waits");
    let mut recipient = Strict::accept(&mut route).await;
    for number in &numbers[..10] {
        assert_eq!(recipient.delivered().await.1, *number);
    }
    recipient.hears_nothing().await;
    // It comes back when they are delivered.
    let total: u64 = numbers[..10]
        .iter()
        .map(|number| length(HANDLE, *number, 1000) as u64)
        .sum();
    sender.hears_nothing().await;
    assert!(sender.limits[&HANDLE] > total);
    let sent = sender.post(HANDLE, b"more").await;
    assert_eq!(recipient.delivered().await.1, sent);
}

#[tokio::test(start_paused = true)]
async fn credit_comes_back_for_what_waited_for_a_dial_and_was_refused() {
    let world = World::with_route(|settings| {
        settings.limits.credit_bytes = CREDIT;
        settings.limits.handshake = std::time::Duration::from_secs(3);
    })
    .await;
    // Somebody listens and never answers.
    let _route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(HANDLE, Level::None).await;
    let (bytes, numbers) = messages(&mut sender, 11, 1000);
    sender.say_bytes(&bytes).await;
    sender
        .hears_reject(numbers[10], RejectCode::Congested)
        .await;
    for number in &numbers[..10] {
        sender.hears_reject(*number, RejectCode::Unreachable).await;
    }
    sender.hears_nothing().await;
    let total: u64 = numbers[..10]
        .iter()
        .map(|number| length(HANDLE, *number, 1000) as u64)
        .sum();
    assert!(sender.limits[&HANDLE] >= total + CREDIT / 2);
}

#[tokio::test(start_paused = true)]
async fn credit_comes_back_for_what_is_refused_at_once() {
    let world = World::with(|settings| settings.limits.credit_bytes = CREDIT).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(HANDLE, Level::None).await;
    // Many times the credit, each as soon as there is some.
    let mut total = 0;
    for _ in 0..100 {
        let limit = sender.limits.get(&HANDLE).copied().unwrap_or(CREDIT);
        assert!(total < limit, "{total} of {limit}");
        let sent = sender.post(HANDLE, &[7; 3000]).await;
        total += length(HANDLE, sent, 3000) as u64;
        sender.hears_reject(sent, RejectCode::Unreachable).await;
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_message_of_any_length_overshoots_and_the_next_is_refused() {
    let world = world_in_which_dials_take_long().await;
    let mut route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(HANDLE, Level::None).await;
    let (mut bytes, numbers) = messages(&mut sender, 1, 9_000);
    let (long, overshooting) = messages(&mut sender, 1, 500_000);
    let (more, refused) = messages(&mut sender, 3, 10);
    bytes.extend([long, more].concat());
    sender.say_bytes(&bytes).await;
    for number in &refused {
        sender.hears_reject(*number, RejectCode::Congested).await;
    }
    let mut recipient = Strict::accept(&mut route).await;
    assert_eq!(recipient.delivered().await.1, numbers[0]);
    let (_, number, body) = recipient.delivered().await;
    assert_eq!((number, body.len()), (overshooting[0], 500_000));
    recipient.hears_nothing().await;
    sender.hears_nothing().await;
    assert!(sender.limits[&HANDLE] > 509_000);
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_is_bound_anew_has_fresh_credit_and_no_other() {
    let world = World::with(|settings| settings.limits.credit_bytes = CREDIT).await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    let _other = world.connect(OTHER).await;
    sender.bind_fast(HANDLE, Level::None).await;
    let (bytes, numbers) = messages(&mut sender, 12, 1000);
    sender.say_bytes(&bytes).await;
    sender
        .hears_reject(numbers[10], RejectCode::Congested)
        .await;
    sender
        .hears_reject(numbers[11], RejectCode::Congested)
        .await;
    let binding = fast(id(OTHER), Level::None);
    assert_eq!(sender.bind(HANDLE, binding).await, None);
    for number in &numbers[..10] {
        assert_eq!(recipient.delivered().await.1, *number);
    }
    recipient.hears_nothing().await;
    sender.hears_nothing().await;
    assert!(
        sender.limits.is_empty(),
        "what the old binding gives back is not told: {:?}",
        sender.limits
    );
    let (bytes, _) = messages(&mut sender, 10, 1000);
    sender.say_bytes(&bytes).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn the_credit_of_one_handle_is_not_that_of_another() {
    let world = World::with(|settings| settings.limits.credit_bytes = CREDIT).await;
    let _stalled = world.connect(RECIPIENT).await;
    let mut other = world.connect(OTHER).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(HANDLE, Level::None).await;
    let binding = fast(id(OTHER), Level::Accepted);
    assert_eq!(sender.bind(2, binding).await, None);
    // Until nothing more of the one that does not read is taken.
    loop {
        let sent = sender.post(HANDLE, &[7; 5000]).await;
        let token = sent;
        sender.say(&Message::Ping { token }).await;
        let bytes = sender.heard().await;
        if let Message::Reject { code, .. } = Message::decode(&bytes).unwrap() {
            assert_eq!(code, RejectCode::Congested);
            sender.hears(&Message::Pong { token }).await;
            break;
        }
    }
    for _ in 0..100 {
        let sent = sender.post(2, &[7; 5000]).await;
        sender.hears_receipt(Level::Accepted, sent).await;
        assert_eq!(other.delivered().await.1, sent);
        sender.hears_nothing().await;
    }
}
