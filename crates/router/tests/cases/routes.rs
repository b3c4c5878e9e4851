//! Unicast, fast, over routes that take long, change, or are not allowed; over TCP and in real time
//! where the router's own clock counts.

use std::time::Duration;

use tuyau_core::Listener;
use tuyau_router::{
    Settings,
    policy::{Action, Effect, Party, Policy, Rule},
};
use tuyau_wire::{Binding, Class, Level, RejectCode};

use crate::{
    support::{listen, peer::fast},
    world::{OTHER, RECIPIENT, ROUTER, SENDER, Strict, World, id, request},
};

#[tokio::test]
async fn case_unicast_fast_timed_out() {
    let world = World::with_route(|settings| settings.limits.handshake = Duration::from_secs(60));
    let world = world.await;
    // Somebody listens and never answers.
    let _route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    for level in [Level::None, Level::Accepted, Level::Delivered] {
        let binding = Binding {
            ttl: 1,
            ..fast(id(RECIPIENT), level)
        };
        assert_eq!(sender.bind(1, binding).await, None);
        let sent = sender.post(1, b"x").await;
        sender.hears_reject(sent, RejectCode::TimedOut).await;
    }
    assert_eq!(sender.bind(1, request(1)).await, None);
    let sent = sender.post(1, b"x").await;
    sender.hears_reject(sent, RejectCode::TimedOut).await;
    sender.hears_nothing().await;
    let mut recipient = world.connect(RECIPIENT).await;
    recipient.hears_nothing().await;
}

#[tokio::test]
async fn case_unicast_fast_moved() {
    let mut world = World::new().await;
    let (mut old, mut new) = (listen(RECIPIENT).await, listen(RECIPIENT).await);
    let mut registrar = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    for route in [&mut old, &mut new] {
        let record = registrar.record(&route.address().to_string());
        assert_eq!(registrar.listen(record).await, None);
        let number = registrar.number;
        let sequence = registrar.sequence;
        drop(registrar);
        world.forgets(RECIPIENT).await;
        let sent = sender.post(1, b"x").await;
        let mut recipient = Strict::accept(route).await;
        let handle = recipient
            .hears_announce(SENDER, Class::Fast, false, 0)
            .await;
        recipient.hears_deliver(handle, sent, b"x").await;
        sender.hears_receipt(Level::Accepted, sent).await;
        drop(recipient);
        world.forgets(RECIPIENT).await;
        registrar = world.connect(RECIPIENT).await;
        (registrar.number, registrar.sequence) = (number, sequence);
    }
}

#[tokio::test]
async fn a_withdrawn_route_is_not_dialled() {
    let mut world = World::new().await;
    let route = listen(RECIPIENT).await;
    let mut registrar = world.connect(RECIPIENT).await;
    let record = registrar.record(&route.address().to_string());
    assert_eq!(registrar.listen(record).await, None);
    assert_eq!(registrar.unlisten().await, None);
    drop(registrar);
    world.forgets(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::None).await;
    let sent = sender.post(1, b"x").await;
    let text = sender.hears_reject(sent, RejectCode::Unreachable).await;
    assert!(text.contains("has registered no route"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_not_allowed() {
    let denies = |settings: &mut Settings| {
        let who = [Party::Identity(id(SENDER))];
        let rule = Rule::new(Effect::Deny, [Action::Send], who);
        settings.policy = Policy::new(Effect::Allow, vec![rule]);
    };
    let world = World::with(denies).await;
    let mut sender = world.connect(SENDER).await;
    let mut recipient = world.connect(RECIPIENT).await;
    for level in [Level::None, Level::Accepted, Level::Delivered] {
        let binding = fast(id(RECIPIENT), level);
        sender.is_not_bound(binding, RejectCode::NotAllowed).await;
    }
    let binding = fast(id(ROUTER), Level::None);
    sender.is_not_bound(binding, RejectCode::NotAllowed).await;
    sender
        .is_not_bound(request(0), RejectCode::NotAllowed)
        .await;
    recipient.hears_nothing().await;
    // Others may.
    let mut other = world.connect(OTHER).await;
    other.bind_fast(1, Level::Accepted).await;
    let sent = other.post(1, b"x").await;
    other.hears_receipt(Level::Accepted, sent).await;
    assert_eq!(recipient.delivery().await.1, b"x");
}
