use std::collections::BTreeMap;

use tokio::time::timeout;
use tuyau_wire::{Identity, Rules, SecretKey, Signed, frame};

use super::*;
use crate::{
    engine::SessionId,
    persist,
    store::{
        Fault, LogDirectory, LogDirectorySettings, MemorySpool, SimulatedDisk, SpoolSettings,
        StoreThread, StoreThreadSettings,
    },
};

struct World {
    disk: SimulatedDisk,
    dir: tempfile::TempDir,
    keeping: Keeping,
    state: State,
}

fn open(disk: &SimulatedDisk) -> LogDirectory {
    let files = Box::new(disk.clone());
    LogDirectory::open(files, LogDirectorySettings::new(1))
        .unwrap()
        .0
}

fn group(seed: u8) -> Identity {
    SecretKey::from_seed([seed; 32]).identity()
}

impl World {
    fn new() -> Self {
        let disk = SimulatedDisk::new(1);
        let dir = tempfile::tempdir().unwrap();
        let spool = Box::new(MemorySpool::new(SpoolSettings::default()));
        let now = || Timestamp::from_millis(1000);
        let settings = StoreThreadSettings::default();
        let started = StoreThread::start(spool, Box::new(open(&disk)), settings, now);
        let state_dir = Arc::new(StateDir::open(dir.path()).unwrap());
        Self {
            keeping: Keeping::new(Some((started.unwrap().1, Some(state_dir))), 0),
            state: State::default(),
            disk,
            dir,
        }
    }

    /// Changes the rules of a group, in the engine's place.
    fn declare(&mut self, seed: u8, sequence: u64, answer: Option<(&Outbox, u64)>) {
        let rules = Rules {
            group: group(seed),
            sequence,
            join_restricted: true,
            publish_restricted: true,
            grants_from: 0,
        };
        let signed = Signed::sign(&SecretKey::from_seed([seed; 32]), rules).unwrap();
        self.state.groups.insert(group(seed), signed);
        let answer = answer.map(|(outbox, sequence)| (outbox.clone(), sequence));
        self.keeping.keep(Kept::Rules(group(seed)), answer);
    }

    /// What would be there after a power cut.
    fn loaded(&self) -> State {
        kept::load(&open(&self.disk.power_cut())).0
    }
}

/// What a session was told: the numbers that were accepted, and those that were refused.
fn told(outbox: &Outbox) -> (Vec<u64>, Vec<u64>) {
    let (mut frames, mut told) = (Vec::new(), (Vec::new(), Vec::new()));
    outbox.take(&mut frames);
    let mut rest = &frames[..];
    while let Ok(Some(frame)) = frame::split(rest, 1 << 20) {
        match Message::decode(frame.message).unwrap() {
            Message::Receipt { first, last, .. } => told.0.extend(first..=last),
            Message::Reject { sequence, code, .. } => {
                assert_eq!(code, RejectCode::Internal);
                told.1.extend(sequence);
            }
            other => panic!("{other:?}"),
        }
        rest = &rest[frame.length..];
    }
    told
}

fn outbox() -> Outbox {
    Outbox::new(SessionId(1), 1 << 20)
}

#[tokio::test]
async fn an_answer_comes_when_it_is_on_the_disk() {
    let mut world = World::new();
    let session = outbox();
    world.declare(1, 1, Some((&session, 5)));
    world.keeping.begin(&world.state, false);
    assert_eq!(told(&session).0, []);
    // What changes meanwhile is the next job.
    world.declare(2, 1, Some((&session, 6)));
    world.declare(2, 2, Some((&session, 8)));
    world.keeping.begin(&world.state, false);
    assert!(world.keeping.done().await.is_ok());
    assert_eq!(told(&session).0, [5]);
    assert!(!world.keeping.is_saved());
    world.keeping.begin(&world.state, false);
    assert!(world.keeping.done().await.is_ok());
    assert_eq!(told(&session).0, [6, 8]);
    assert!(world.keeping.is_saved());
    assert_eq!(world.loaded(), world.state);
}

#[tokio::test]
async fn the_counter_is_kept_with_a_tick_alone() {
    let mut world = World::new();
    world.state.processed = 7;
    world.keeping.begin(&world.state, false);
    assert!(!world.keeping.is_under_way());
    world.keeping.begin(&world.state, true);
    assert!(world.keeping.done().await.is_ok());
    assert_eq!(world.loaded().processed, 7);
    world.keeping.begin(&world.state, true);
    assert!(!world.keeping.is_under_way());
}

#[tokio::test]
async fn a_session_that_ends_has_its_answers_first() {
    let mut world = World::new();
    let (session, other) = (outbox(), outbox());
    world.declare(1, 1, Some((&session, 5)));
    world.keeping.begin(&world.state, false);
    world.declare(1, 2, Some((&session, 6)));
    for it in [&session, &other] {
        world.keeping.close(it, "it is over");
    }
    assert_eq!(other.closing().as_deref(), Some("it is over"));
    assert!(world.keeping.done().await.is_ok());
    assert_eq!(session.closing(), None);
    world.keeping.begin(&world.state, false);
    assert!(world.keeping.done().await.is_ok());
    assert_eq!(session.closing().as_deref(), Some("it is over"));
    assert_eq!(told(&session).0, [5, 6]);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_and_told_once() {
    let mut world = World::new();
    let session = outbox();
    world.disk.fail_after(0, Fault::Broken);
    world.declare(1, 1, Some((&session, 5)));
    world.keeping.begin(&world.state, false);
    let error = world.keeping.done().await.unwrap_err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Disk);
    world.declare(1, 2, Some((&session, 6)));
    world.keeping.begin(&world.state, false);
    assert!(!world.keeping.is_under_way(), "it is not tried at once");
    world.keeping.begin(&world.state, true);
    let again = world.keeping.done().await;
    assert!(matches!(again, Err(None)));
    assert_eq!(told(&session), (vec![], vec![5, 6]));
    assert!(!world.keeping.is_saved());
}

#[tokio::test]
async fn a_whole_state_that_could_not_be_kept_is_tried_again() {
    let mut world = World::new();
    world.declare(1, 1, None);
    world.keeping.keep_all();
    let path = world.dir.path().to_owned();
    std::fs::remove_dir_all(&path).unwrap();
    world.keeping.begin(&world.state, false);
    assert!(world.keeping.done().await.is_err());
    assert!(!world.keeping.is_saved());
    std::fs::create_dir(&path).unwrap();
    world.keeping.begin(&world.state, true);
    assert!(world.keeping.done().await.is_ok());
    assert!(world.keeping.is_saved());
    assert_eq!(world.loaded(), world.state);
}

#[tokio::test]
async fn a_whole_state_is_there_or_nothing_of_it() {
    let mut world = World::new();
    for seed in 1..20 {
        world.declare(seed, 5, None);
    }
    world.keeping.begin(&world.state, false);
    assert!(world.keeping.done().await.is_ok());
    let before = world.state.clone();
    world.state.groups = BTreeMap::new();
    world.declare(30, 1, None);
    world.keeping.keep_all();
    let mut kept = world.keeping.kept();
    // It is cut off somewhere in between.
    world.disk.fail_after(1, Fault::PowerCut);
    world.keeping.begin(&world.state, false);
    assert!(kept.try_recv().is_err());
    assert!(world.keeping.done().await.is_err());
    assert!(kept.try_recv().is_ok());
    let disk = world.disk.power_cut();
    assert_ne!(before, world.state);
    // The store has anything; the next start takes over what was left for it.
    drop(std::mem::take(&mut world.keeping));
    let state_dir = reopened(&world.dir).await;
    let now = Timestamp::from_millis(1000);
    let (state, told) = persist::load(&mut open(&disk), Some(&state_dir), 100, now).unwrap();
    assert_eq!((state, told.len()), (world.state, 1));
}

/// The state directory, once the thread of the store has left it.
async fn reopened(dir: &tempfile::TempDir) -> StateDir {
    let open = async {
        loop {
            match StateDir::open(dir.path()) {
                Ok(state_dir) => return state_dir,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    timeout(std::time::Duration::from_secs(60), open)
        .await
        .unwrap()
}
