use std::collections::BTreeMap;

use tuyau_wire::{SecretKey, Withdrawal};

use super::*;
use crate::{Table, store::MemoryDirectory};

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn identity(seed: u8) -> Identity {
    key(seed).identity()
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_000)
}

fn register(table: &mut Table, seed: u8, sequence: u64, source: Source) {
    let record = Record {
        identity: identity(seed),
        sequence,
        routes: vec![format!("tls://192.0.2.1:{sequence}").parse().unwrap()],
        expires: 1_900_000_000,
    };
    let record = Signed::sign(&key(seed), record).unwrap().verify().unwrap();
    table.register(record, source, now(), 1000).unwrap();
}

fn rules(seed: u8, sequence: u64) -> Signed<Rules> {
    let rules = Rules {
        group: identity(seed),
        sequence,
        join_restricted: true,
        publish_restricted: false,
        grants_from: 2,
    };
    Signed::sign(&key(seed), rules).unwrap()
}

/// A state with everything in it that there can be.
fn state() -> State {
    let mut table = Table::default();
    register(&mut table, 1, 7, Source::Registered);
    register(&mut table, 2, 8, Source::Simulated);
    register(&mut table, 3, 9, Source::Registered);
    let gone = Withdrawal {
        identity: identity(3),
        sequence: 10,
    };
    let gone = Signed::sign(&key(3), gone).unwrap().verify().unwrap();
    table.withdraw(&gone).unwrap();
    State {
        processed: 123,
        table,
        groups: BTreeMap::from([30, 31].map(|seed| (identity(seed), rules(seed, 5)))),
    }
}

fn kept(state: &State) -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    replace(&mut directory, items(state), state.processed).unwrap();
    directory
}

/// An item that is not of the state.
fn member() -> Item {
    Item {
        subject: Subject::Member {
            group: identity(30).into(),
            member: identity(1).into(),
        },
        sequence: 1,
        expires: Timestamp::from_millis(u64::MAX),
        withdrawn: false,
        bytes: Arc::default(),
    }
}

#[test]
fn what_was_kept_is_loaded() {
    let state = state();
    assert_eq!(load(&kept(&state)), (state, vec![]));
    assert_eq!(
        load(&MemoryDirectory::new()),
        (State::default(), Vec::new())
    );
}

#[test]
fn one_change_is_kept_alone() {
    let mut state = state();
    let mut directory = kept(&state);
    register(&mut state.table, 1, 11, Source::Registered);
    state.table.revoke(&identity(2));
    state.groups.insert(identity(30), rules(30, 6));
    for kept in [
        Kept::Claim(identity(1)),
        Kept::Claim(identity(2)),
        Kept::Rules(identity(30)),
    ] {
        kept.change(&state).apply(&mut directory).unwrap();
    }
    assert_eq!(load(&directory).0, state);
}

#[test]
fn a_restored_state_takes_the_place_of_the_other_and_of_nothing_else() {
    let before = state();
    let mut after = State {
        processed: 7,
        ..State::default()
    };
    // An older registration, and nothing of the others.
    register(&mut after.table, 1, 2, Source::Registered);
    let mut directory = kept(&before);
    directory.put(member()).unwrap();
    replace(&mut directory, items(&after), after.processed).unwrap();
    assert_eq!(load(&directory).0, after);
    assert_eq!(directory.item(&member().subject), Some(member()));
    assert_eq!(directory.len(), 2);
}

#[test]
fn what_does_not_fit_is_named_and_the_rest_loaded() {
    let mut state = state();
    let mut directory = kept(&state);
    let subject = |seed| Subject::Registration(identity(seed).into());
    let first = directory.item(&subject(1)).unwrap();
    let second = directory.item(&subject(2)).unwrap();
    // The record of another, and one that is cut off.
    let swapped = Item {
        bytes: second.bytes.clone(),
        sequence: 100,
        ..first
    };
    let cut = Item {
        bytes: second.bytes[..second.bytes.len() - 1].into(),
        sequence: 101,
        ..second
    };
    directory.put(swapped).unwrap();
    directory.put(cut).unwrap();
    for seed in [1, 2] {
        state.table.revoke(&identity(seed));
    }
    let mut lost = vec![subject(1), subject(2)];
    lost.sort();
    assert_eq!(load(&directory), (state, lost));
}
