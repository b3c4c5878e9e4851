//! The rules of groups are kept over a restart, and in snapshots.

use tuyau_router::{Router, Settings, SnapshotErrorKind, StartErrorKind, StateDirErrorKind};
use tuyau_wire::{Level, RejectCode, Rights, Rules, Signed};

use crate::{
    support::key,
    world::{GROUP, OTHER, RECIPIENT, SENDER, World, grant, id, publish, restricted},
};

const HANDLE: u64 = 6;

/// Nobody without a grant can join the group or publish to it, and who has one can.
async fn is_restricted(world: &World) {
    let mut stranger = world.connect(OTHER).await;
    let joined = stranger.join(None).await;
    stranger.hears_reject(joined, RejectCode::NoGrant).await;
    let binding = publish(Level::None, None);
    stranger.is_not_bound(binding, RejectCode::NoGrant).await;
    let mut member = world.connect(RECIPIENT).await;
    let joined = member.join(Some(grant(RECIPIENT, 1, Rights::Join))).await;
    member.hears_receipt(Level::Accepted, joined).await;
}

#[tokio::test]
async fn a_restricted_group_is_restricted_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let keeps = |settings: &mut Settings| settings.state_dir = Some(dir.path().to_owned());
    let world = World::with(keeps).await;
    let mut owner = world.connect(GROUP).await;
    owner.declare(restricted(7, 1)).await;
    is_restricted(&world).await;
    drop(owner);
    world.router.router.stop().await;

    let world = World::with(keeps).await;
    is_restricted(&world).await;
    // Older rules do not open it again.
    let mut stranger = world.connect(OTHER).await;
    let sequence = stranger.next();
    let rules = restricted(6, 0);
    let declare = tuyau_wire::Message::Declare { sequence, rules };
    stranger.say(&declare).await;
    let stale = RejectCode::StaleSequence;
    stranger.hears_reject(sequence, stale).await;
}

#[tokio::test(start_paused = true)]
async fn a_restored_snapshot_restricts_a_group_again() {
    let world = World::new().await;
    let mut owner = world.connect(GROUP).await;
    owner.declare(restricted(1, 1)).await;
    let snapshot = world.router.router.save().await.unwrap();
    let open = Rules {
        group: id(GROUP),
        sequence: 2,
        join_restricted: false,
        publish_restricted: false,
        grants_from: 0,
    };
    owner
        .declare(Signed::sign(&key(GROUP), open).unwrap())
        .await;
    let mut sender = world.connect(SENDER).await;
    assert_eq!(sender.bind_group(HANDLE, Level::Accepted, None).await, None);
    let mut member = world.connect(RECIPIENT).await;
    let joined = member.join(None).await;
    member.hears_receipt(Level::Accepted, joined).await;

    world.router.router.restore(&snapshot).await.unwrap();
    member.hears_reject(joined, RejectCode::NoGrant).await;
    let sent = sender.post(HANDLE, b"secret").await;
    sender.hears_reject(sent, RejectCode::NoGrant).await;
    is_restricted(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_state_without_rules_opens_a_group() {
    let world = World::new().await;
    let snapshot = world.router.router.save().await.unwrap();
    let mut owner = world.connect(GROUP).await;
    owner.declare(restricted(1, 1)).await;
    world.router.router.restore(&snapshot).await.unwrap();
    let mut stranger = world.connect(OTHER).await;
    stranger.joins().await;
}

#[tokio::test(start_paused = true)]
async fn damaged_rules_are_refused_with_their_place() {
    let world = World::new().await;
    let mut owner = world.connect(GROUP).await;
    owner.declare(restricted(1, 1)).await;
    let good = world.router.router.save().await.unwrap();
    let mut bad = good.clone();
    let at = bad.len() - 20;
    bad[at] ^= 1;
    let error = world.router.router.restore(&bad).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.item()),
        (SnapshotErrorKind::Checksum, 1)
    );
    assert!(error.offset() > 0 && error.offset() < at);
    is_restricted(&world).await;
}

#[tokio::test]
async fn more_groups_than_there_may_be_are_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::with(|settings| settings.state_dir = Some(dir.path().to_owned())).await;
    let mut owner = world.connect(GROUP).await;
    owner.declare(restricted(1, 1)).await;
    drop(owner);
    world.router.router.stop().await;
    let mut settings = Settings::new(key(100));
    settings.state_dir = Some(dir.path().to_owned());
    settings.limits.routes = 0;
    let error = Router::start(settings).await.map(drop).unwrap_err();
    let kind = StartErrorKind::StateDir(StateDirErrorKind::TooManyGroups);
    assert_eq!(error.kind(), kind);
    let told = error.to_string();
    assert!(told.contains("(1) than limits.routes allows (0)"), "{told}");
}
