//! Who may publish to a restricted group and join it.

use tuyau_wire::{Level, Message, RejectCode, Rights, Rules, Signed};

use crate::{
    support::key,
    world::{
        GROUP, OTHER, RECIPIENT, SENDER, Strict, World, from_group, grant, grant_by, id, publish,
        restricted,
    },
};

const HANDLE: u64 = 6;

/// A world in which the group is restricted and has a member that has a grant.
async fn with_member() -> (World, Strict, Strict) {
    let world = World::new().await;
    let mut owner = world.connect(GROUP).await;
    owner.declare(restricted(1, 1)).await;
    let mut member = world.connect(RECIPIENT).await;
    let joined = member.join(Some(grant(RECIPIENT, 1, Rights::Join))).await;
    member.hears_receipt(Level::Accepted, joined).await;
    (world, owner, member)
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_restricted() {
    let (world, _owner, mut member) = with_member().await;
    let mut sender = world.connect(SENDER).await;
    let binding = publish(Level::None, None);
    sender.is_not_bound(binding, RejectCode::NoGrant).await;
    for (wrong, code) in [
        (grant(OTHER, 1, Rights::Publish), RejectCode::NoGrant),
        (grant(SENDER, 1, Rights::Join), RejectCode::NoGrant),
        (grant(SENDER, 0, Rights::Publish), RejectCode::NoGrant),
        (
            grant_by(OTHER, SENDER, 1, Rights::Publish),
            RejectCode::NoGrant,
        ),
        (forged(), RejectCode::BadSignature),
    ] {
        let binding = publish(Level::None, Some(wrong));
        sender.is_not_bound(binding, code).await;
    }
    member.hears_nothing().await;
}

/// A grant to publish that somebody else signed.
fn forged() -> Signed<tuyau_wire::Grant> {
    let good = grant(SENDER, 1, Rights::Publish);
    let mut signature = *good.signature();
    signature[3] ^= 1;
    Signed::from_parts(good.bytes(), signature).unwrap()
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_granted() {
    let (world, mut owner, mut member) = with_member().await;
    let mut sender = world.connect(SENDER).await;
    for rights in [Rights::Publish, Rights::JoinAndPublish] {
        let grant = Some(grant(SENDER, 1, rights));
        assert_eq!(
            sender.bind_group(HANDLE, Level::Accepted, grant).await,
            None
        );
        let sent = sender.post(HANDLE, b"x").await;
        sender.hears_receipt(Level::Accepted, sent).await;
        let number = member.hears_announced(from_group(SENDER)).await;
        member.hears_deliver(number, sent, b"x").await;
    }
    // Who has the key of the group needs no grant.
    assert_eq!(owner.bind_group(1, Level::Accepted, None).await, None);
    let sent = owner.post(1, b"y").await;
    owner.hears_receipt(Level::Accepted, sent).await;
    assert_eq!(member.delivery().await.1, b"y");
}

#[tokio::test(start_paused = true)]
async fn case_group_fast_revoked() {
    let (world, mut owner, mut member) = with_member().await;
    let mut sender = world.connect(SENDER).await;
    let old = Some(grant(SENDER, 1, Rights::Publish));
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, old).await, None);
    let sent = sender.post(HANDLE, b"x").await;
    sender.hears_receipt(Level::Accepted, sent).await;
    assert_eq!(member.delivery().await.1, b"x");

    owner.declare(restricted(2, 2)).await;
    let bytes = member.heard().await;
    assert!(matches!(
        Message::decode(&bytes),
        Ok(Message::Reject {
            code: RejectCode::NoGrant,
            ..
        })
    ));
    for _ in 0..2 {
        let sent = sender.post(HANDLE, b"refused").await;
        sender.hears_reject(sent, RejectCode::NoGrant).await;
    }
    let joined = member.join(Some(grant(RECIPIENT, 2, Rights::Join))).await;
    member.hears_receipt(Level::Accepted, joined).await;
    let new = Some(grant(SENDER, 2, Rights::Publish));
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, new).await, None);
    let sent = sender.post(HANDLE, b"y").await;
    sender.hears_receipt(Level::Accepted, sent).await;
    let number = member.hears_announced(from_group(SENDER)).await;
    member.hears_deliver(number, sent, b"y").await;
    member.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_join_restricted() {
    let (world, mut owner, _member) = with_member().await;
    let mut stranger = world.connect(OTHER).await;
    for wrong in [
        None,
        Some(grant(RECIPIENT, 1, Rights::Join)),
        Some(grant(OTHER, 1, Rights::Publish)),
        Some(grant(OTHER, 0, Rights::Join)),
        Some(grant_by(OTHER, OTHER, 1, Rights::Join)),
    ] {
        let joined = stranger.join(wrong).await;
        stranger.hears_reject(joined, RejectCode::NoGrant).await;
    }
    assert_eq!(owner.bind_group(1, Level::Accepted, None).await, None);
    let sent = owner.post(1, b"secret").await;
    owner.hears_receipt(Level::Accepted, sent).await;
    stranger.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_join_revoked() {
    let (world, mut owner, mut member) = with_member().await;
    let join = member.number;
    let mut kept = world.connect(OTHER).await;
    let joined = kept.join(Some(grant(OTHER, 2, Rights::Join))).await;
    kept.hears_receipt(Level::Accepted, joined).await;
    owner.declare(restricted(2, 2)).await;
    member.hears_reject(join, RejectCode::NoGrant).await;
    assert_eq!(owner.bind_group(1, Level::Accepted, None).await, None);
    let sent = owner.post(1, b"x").await;
    owner.hears_receipt(Level::Accepted, sent).await;
    member.hears_nothing().await;
    assert_eq!(kept.delivery().await.1, b"x");
}

#[tokio::test(start_paused = true)]
async fn rules_count_only_when_the_groups_key_signed_them_and_they_are_newer() {
    let (world, mut owner, _member) = with_member().await;
    let mut stranger = world.connect(OTHER).await;
    let open = |sequence| Rules {
        group: id(GROUP),
        sequence,
        join_restricted: false,
        publish_restricted: false,
        grants_from: 0,
    };
    let good = Signed::sign(&key(GROUP), open(2)).unwrap();
    let mut signature = *good.signature();
    signature[9] ^= 1;
    let forged = Signed::from_parts(good.bytes(), signature).unwrap();
    let sequence = stranger.next();
    stranger
        .say(&Message::Declare {
            sequence,
            rules: forged,
        })
        .await;
    stranger
        .hears_reject(sequence, RejectCode::BadSignature)
        .await;
    let stale = Signed::sign(&key(GROUP), open(1)).unwrap();
    let sequence = stranger.next();
    let message = Message::Declare {
        sequence,
        rules: stale,
    };
    stranger.say(&message).await;
    stranger
        .hears_reject(sequence, RejectCode::StaleSequence)
        .await;
    assert_eq!(
        stranger.bind_group(HANDLE, Level::None, None).await,
        Some(RejectCode::NoGrant)
    );
    // The same rules are accepted again, and anyone may bring new ones.
    owner.declare(restricted(1, 1)).await;
    stranger.declare(good).await;
    assert_eq!(stranger.bind_group(HANDLE, Level::None, None).await, None);
    stranger.joins().await;
}
