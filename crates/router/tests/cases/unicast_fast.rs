//! Unicast, fast.

use tuyau_wire::{Class, Level, RejectCode};

use crate::{
    support::peer::fast,
    world::{RECIPIENT, SENDER, Strict, World, id},
};

/// The levels that a fast unicast can have.
const LEVELS: [Level; 3] = [Level::None, Level::Accepted, Level::Delivered];

/// The recipient gets a message that the sender sends on this handle, which asks for this level, and
/// the sender hears what it asked for. Gives the router's handle.
async fn goes_its_way(sender: &mut Strict, recipient: &mut Strict, level: Level) {
    let handle = 5;
    sender.bind_fast(handle, level).await;
    let acknowledge = level == Level::Delivered;
    let mut announced = None;
    for body in [&b"one"[..], b"two"] {
        let sent = sender.post(handle, body).await;
        if level == Level::Accepted {
            sender.hears_receipt(level, sent).await;
        }
        let number = match announced {
            None => {
                recipient
                    .hears_announce(SENDER, Class::Fast, acknowledge, 0)
                    .await
            }
            Some(number) => number,
        };
        announced = Some(number);
        recipient.hears_deliver(number, sent, body).await;
        sender.hears_nothing().await;
        recipient.acknowledge(number, sent, sent).await;
        recipient.hears_nothing().await;
        if level == Level::Delivered {
            sender.hears_receipt(level, sent).await;
        }
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_connected() {
    for level in LEVELS {
        let world = World::new().await;
        let mut recipient = world.connect(RECIPIENT).await;
        let mut sender = world.connect(SENDER).await;
        goes_its_way(&mut sender, &mut recipient, level).await;
    }
    is_not_stored(World::new().await).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_dialled() {
    for level in LEVELS {
        let world = World::with_route(|_| {}).await;
        let mut route = world.route().await;
        let mut sender = world.connect(SENDER).await;
        sender.bind_fast(1, level).await;
        let sent = sender.post(1, b"are you there?").await;
        let mut recipient = Strict::accept(&mut route).await;
        let acknowledge = level == Level::Delivered;
        let number = recipient
            .hears_announce(SENDER, Class::Fast, acknowledge, 0)
            .await;
        recipient
            .hears_deliver(number, sent, b"are you there?")
            .await;
        match level {
            Level::Accepted => sender.hears_receipt(level, sent).await,
            Level::Delivered => {
                sender.hears_nothing().await;
                recipient.acknowledge(number, sent, sent).await;
                sender.hears_receipt(level, sent).await;
            }
            _ => {}
        }
        sender.hears_nothing().await;
        // Later ones find that session.
        goes_its_way(&mut sender, &mut recipient, level).await;
    }
    is_not_stored(World::with_route(|_| {}).await).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_offline() {
    for level in LEVELS {
        // Nobody is at its route.
        let world = World::with_route(|_| {}).await;
        is_unreachable(&world, level, "no route").await;
    }
    is_not_stored(World::with_route(|_| {}).await).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_unknown() {
    for level in LEVELS {
        let world = World::new().await;
        is_unreachable(&world, level, "has registered no route").await;
    }
    is_not_stored(World::new().await).await;
}

/// A message is refused, and does not come later either.
async fn is_unreachable(world: &World, level: Level, why: &str) {
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, level).await;
    let sent = sender.post(1, b"x").await;
    let text = sender.hears_reject(sent, RejectCode::Unreachable).await;
    assert!(text.contains(why), "{text}");
    sender.hears_nothing().await;
    let mut recipient = world.connect(RECIPIENT).await;
    recipient.hears_nothing().await;
    // The handle leads to it now.
    let sent = sender.post(1, b"y").await;
    let acknowledge = level == Level::Delivered;
    let number = recipient
        .hears_announce(SENDER, Class::Fast, acknowledge, 0)
        .await;
    recipient.hears_deliver(number, sent, b"y").await;
}

async fn is_not_stored(world: World) {
    let mut sender = world.connect(SENDER).await;
    let binding = fast(id(RECIPIENT), Level::Stored);
    sender.is_not_bound(binding, RejectCode::Unsupported).await;
}
