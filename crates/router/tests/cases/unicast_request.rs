//! Unicast, request, and what else happens to one.

use tuyau_wire::{Binding, Class, Level, Message, RejectCode, Target};

use crate::{
    support::hello,
    world::{OTHER, RECIPIENT, ROUTER, SENDER, Strict, World, id, request},
};

/// The time for a reply when the sender says none, in milliseconds.
const DEFAULT: u64 = 30_000;

/// The handle of the sender.
const HANDLE: u64 = 4;

/// The levels that no request can have are not bound.
async fn has_no_level(sender: &mut Strict) {
    for level in [Level::Accepted, Level::Stored, Level::Delivered] {
        let binding = Binding {
            level,
            ..request(0)
        };
        sender.is_not_bound(binding, RejectCode::Unsupported).await;
    }
}

/// Sends a request, and takes it at the recipient: gives its number, and the router's handle.
async fn asks(sender: &mut Strict, recipient: &mut Strict, ttl: u64) -> (u64, u64) {
    assert_eq!(sender.bind(HANDLE, request(ttl)).await, None);
    let sent = sender.post(HANDLE, b"what time is it?").await;
    let ttl = if ttl == 0 { DEFAULT } else { ttl };
    let number = recipient
        .hears_announce(SENDER, Class::Request, false, ttl)
        .await;
    recipient
        .hears_deliver(number, sent, b"what time is it?")
        .await;
    sender.hears_nothing().await;
    (sent, number)
}

async fn is_replied(sender: &mut Strict, recipient: &mut Strict, sent: u64, number: u64) {
    recipient.reply(number, sent, b"late").await;
    let (sequence, body) = (sent, &b"late"[..]);
    sender.hears(&Message::Replied { sequence, body }).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_connected() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    has_no_level(&mut sender).await;
    let (sent, number) = asks(&mut sender, &mut recipient, 0).await;
    is_replied(&mut sender, &mut recipient, sent, number).await;
    // Replies need not come in the order of the requests, and no second announcement is made.
    let sent = [(); 3].map(|()| sender.next());
    for sequence in sent {
        let (handle, body) = (HANDLE, &b"?"[..]);
        sender
            .say(&Message::Send {
                handle,
                sequence,
                body,
            })
            .await;
        recipient.hears_deliver(number, sequence, b"?").await;
    }
    for sequence in [sent[2], sent[0], sent[1]] {
        is_replied(&mut sender, &mut recipient, sequence, number).await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_dialled() {
    let world = World::with_route(|_| {}).await;
    let mut route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    has_no_level(&mut sender).await;
    assert_eq!(sender.bind(HANDLE, request(0)).await, None);
    let sent = sender.post(HANDLE, b"?").await;
    let mut recipient = Strict::accept(&mut route).await;
    let number = recipient
        .hears_announce(SENDER, Class::Request, false, DEFAULT)
        .await;
    recipient.hears_deliver(number, sent, b"?").await;
    is_replied(&mut sender, &mut recipient, sent, number).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_offline() {
    is_unreachable(World::with_route(|_| {}).await).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_unknown() {
    is_unreachable(World::new().await).await;
}

async fn is_unreachable(world: World) {
    let mut sender = world.connect(SENDER).await;
    has_no_level(&mut sender).await;
    assert_eq!(sender.bind(HANDLE, request(0)).await, None);
    let sent = sender.post(HANDLE, b"?").await;
    sender.hears_reject(sent, RejectCode::Unreachable).await;
    sender.hears_nothing().await;
    let mut recipient = world.connect(RECIPIENT).await;
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_gone() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    let (sent, _) = asks(&mut sender, &mut recipient, 0).await;
    let time = tokio::time::Instant::now();
    drop(recipient);
    sender.hears_reject(sent, RejectCode::Unreachable).await;
    assert!(
        time.elapsed().as_millis() < 1000,
        "at once, in virtual time"
    );
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_timed_out() {
    for ttl in [0, 2_000] {
        let world = World::new().await;
        let mut recipient = world.connect(RECIPIENT).await;
        let mut sender = world.connect(SENDER).await;
        let begin = tokio::time::Instant::now();
        let (sent, number) = asks(&mut sender, &mut recipient, ttl).await;
        sender.hears_reject(sent, RejectCode::TimedOut).await;
        // Virtual time: the router looks once in a second.
        let deadline = if ttl == 0 { DEFAULT } else { ttl };
        let elapsed = begin.elapsed().as_millis() as u64;
        assert!((deadline..=deadline + 1100).contains(&elapsed), "{elapsed}");
        recipient.reply(number, sent, b"too late").await;
        recipient.hears_nothing().await;
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_two_replies() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    let (sent, number) = asks(&mut sender, &mut recipient, 0).await;
    is_replied(&mut sender, &mut recipient, sent, number).await;
    recipient.reply(number, sent, b"again").await;
    recipient.hears_nothing().await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_reply_too_large() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let hello = hello().with_max_frame(4096).unwrap();
    let mut sender = world.connect_with(SENDER, hello).await;
    let (sent, number) = asks(&mut sender, &mut recipient, 0).await;
    recipient.reply(number, sent, &[7; 5000]).await;
    sender.hears_reject(sent, RejectCode::TooLarge).await;
    recipient.hears_nothing().await;
    let (sent, number) = (sender.post(HANDLE, b"?").await, number);
    recipient.hears_deliver(number, sent, b"?").await;
    is_replied(&mut sender, &mut recipient, sent, number).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_although_its_handle_was_freed() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    let (sent, number) = asks(&mut sender, &mut recipient, 0).await;
    let handle = HANDLE;
    sender.say(&Message::Unbind { handle }).await;
    sender.hears_nothing().await;
    is_replied(&mut sender, &mut recipient, sent, number).await;
    // So is one that gets no reply.
    let (sent, _) = asks(&mut sender, &mut recipient, 0).await;
    sender.say(&Message::Unbind { handle }).await;
    sender.hears_reject(sent, RejectCode::TimedOut).await;
}

#[tokio::test(start_paused = true)]
async fn only_who_got_a_request_can_reply_to_it() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    let mut stranger = world.connect(OTHER).await;
    let (sent, number) = asks(&mut sender, &mut recipient, 0).await;
    stranger.reply(number, sent, b"forged").await;
    stranger.hears_nothing().await;
    sender.hears_nothing().await;
    // Nor is what was never asked answered.
    recipient.reply(number, sent + 1, b"unasked").await;
    recipient.hears_nothing().await;
    is_replied(&mut sender, &mut recipient, sent, number).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_router() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    for &level in Level::ALL {
        let to_router = Binding {
            target: Target::Identity(id(ROUTER)),
            level,
            ..request(0)
        };
        sender
            .is_not_bound(to_router, RejectCode::Unsupported)
            .await;
    }
}

/// Whoever watches is told of refusals as well, however they come about.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_is_told_in_the_journal() {
    let mut world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let hello = hello().with_max_frame(4096).unwrap();
    let mut sender = world.connect_with(SENDER, hello).await;
    let (sent, number) = asks(&mut sender, &mut recipient, 2_000).await;
    recipient.reply(number, sent, &[7; 5000]).await;
    let told = world.router.rejected(SENDER).await;
    assert!(told.contains("the reply is longer"), "{told}");
    sender.post(HANDLE, b"?").await;
    let told = world.router.rejected(SENDER).await;
    assert!(told.contains("no reply before the deadline"), "{told}");
    sender.post(HANDLE, b"?").await;
    sender.drain().await;
    drop(recipient);
    let told = world.router.rejected(SENDER).await;
    assert!(told.contains("ended before it answered"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn requests_that_fail_at_once_are_told_of_once() {
    let mut world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    asks(&mut sender, &mut recipient, 2_000).await;
    for _ in 0..9 {
        sender.post(HANDLE, b"?").await;
    }
    for _ in 0..10 {
        let bytes = sender.heard().await;
        let message = Message::decode(&bytes).unwrap();
        let code = RejectCode::TimedOut;
        assert!(matches!(message, Message::Reject { code: it, .. } if it == code));
    }
    let told = world.router.rejected(SENDER).await;
    assert!(told.contains("no reply before the deadline"), "{told}");
    let level = Level::Stored;
    let wrong = Binding {
        level,
        ..request(0)
    };
    sender.is_not_bound(wrong, RejectCode::Unsupported).await;
    let told = world.router.rejected(SENDER).await;
    assert!(told.contains("a level for a request"), "{told}");
}
