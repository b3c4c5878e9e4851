use std::time::Duration;

use tokio::task::yield_now;
use tuyau_wire::SecretKey;

use super::*;
use crate::{
    Clock, Timestamp,
    engine::SessionId,
    numbers::Numbers,
    plane::Plane,
    store::{
        Directory, MemoryDirectory, MemorySpool, Message, Recipients, Room, Spool, SpoolSettings,
        StoreHandle, StoreThreadSettings,
    },
};

fn identity(seed: u8) -> Identity {
    SecretKey::from_seed([seed; 32]).identity()
}

/// Mailboxes in memory, in which the recipient has one message for a second.
fn mail() -> Mail {
    let mut spool = MemorySpool::new(SpoolSettings::default());
    let now = Timestamp::from_millis(0);
    let message = Message {
        recipients: Recipients::One(identity(2).into()),
        group: None,
        sender: identity(1).into(),
        epoch: 0,
        sequence: 5,
        expires: Timestamp::from_millis(1000),
        body: [7].into(),
    };
    spool.append(&message, now).unwrap();
    let store = StoreHandle::spawn(
        Box::new(spool),
        Box::new(MemoryDirectory::new()),
        StoreThreadSettings::default(),
        move || now,
        || Duration::ZERO,
    );
    let plane = Plane::new(tokio::sync::broadcast::channel(1).0, Clock::system());
    Mail::new(store, plane, Numbers::default(), 1000)
}

/// Sweeps until the store has done what it was asked for.
async fn sweep(peers: &mut Peers, mail: &Mail) {
    peers.sweep();
    let (done, waits) = tokio::sync::oneshot::channel();
    let look = |_: &mut dyn Spool, _: &mut dyn Directory, _| {
        done.send(()).unwrap();
    };
    mail.store().look(Room::none(), look).unwrap();
    waits.await.unwrap();
    yield_now().await;
    peers.sweep();
}

#[tokio::test(start_paused = true)]
async fn who_went_away_with_messages_is_remembered_as_long_as_there_are_some() {
    let mail = mail();
    let mut peers = Peers::new(Some(mail.clone()));
    let outbox = Outbox::new(SessionId(1), 1 << 20);
    outbox.greet(4096, 10);
    peers.reach(identity(2), Some(outbox));
    // It has its message when this returns.
    sweep(&mut peers, &mail).await;
    peers.reach(identity(2), None);
    for _ in 0..3 {
        sweep(&mut peers, &mail).await;
        assert_eq!(peers.all.len(), 1);
    }
    let expire = |spool: &mut dyn Spool, _: &mut dyn Directory, _| {
        spool.expire(Timestamp::from_millis(1000)).unwrap();
    };
    mail.store().look(Room::none(), expire).unwrap();
    sweep(&mut peers, &mail).await;
    assert!(peers.all.is_empty(), "there is nothing to settle");
}
