//! R2: every flipped bit and every cut of a small store is detected, only what was damaged is lost,
//! and what that is is told.

use std::collections::{BTreeMap, BTreeSet};

use tuyau_router::store::{
    Appended, Entry, Id, LogSpool, Loss, Lost, Recipients, SimulatedDisk, Spool,
};

use crate::{
    makers::log_settings,
    messages::{A, ALL, B, GROUP, at, publish, read, store, to, with_body},
    seeds::bits,
};

type Content = BTreeMap<Id, Vec<Entry>>;

fn open(disk: &SimulatedDisk) -> (LogSpool, Vec<Loss>) {
    LogSpool::open(Box::new(disk.clone()), log_settings(0), at(0)).unwrap()
}

fn content(spool: &mut dyn Spool) -> Content {
    let ids = spool.mailboxes(None, usize::MAX);
    ids.into_iter()
        .map(|(id, _)| (id, read(spool, id, 0, ALL)))
        .collect()
}

/// A store of several segments, with everything in it that there can be, at rest.
fn small_store() -> (BTreeMap<String, Vec<u8>>, Content) {
    let disk = SimulatedDisk::new(1);
    let (mut spool, _) = open(&disk);
    let mut positions = Vec::new();
    for sequence in 1..=8 {
        let message = if sequence % 4 == 0 {
            publish(&[A, B], sequence)
        } else {
            to(A, sequence)
        };
        positions.push(store(
            &mut spool,
            &with_body(sequence as usize * 5, message),
        ));
        if sequence % 2 == 0 {
            spool.commit().unwrap();
        }
    }
    for at in [0, 2, 1] {
        spool.acknowledge(A, positions[at]..=positions[at]).unwrap();
        spool.commit().unwrap();
    }
    // Make room until the first segment is gone, so that there are copies and windows.
    let mut sequence = 9;
    while disk.files().contains_key("0000000001.log") {
        let position = store(&mut spool, &to(B, sequence));
        spool.acknowledge(B, position..=position).unwrap();
        spool.commit().unwrap();
        sequence += 1;
    }
    store(&mut spool, &to(B, sequence));
    spool.commit().unwrap();
    drop(spool);
    let (mut spool, losses) = open(&disk);
    assert_eq!(losses, []);
    let content = content(&mut spool);
    assert!(
        content[&A].len() >= 5 && content[&B].len() >= 2,
        "{content:?}"
    );
    (disk.files(), content)
}

/// Opens a damaged store and holds what it serves and tells against what was in it.
fn check(files: &BTreeMap<String, Vec<u8>>, whole: &Content, what: &str, again: bool) -> Vec<Loss> {
    let disk = SimulatedDisk::new(1);
    for (name, bytes) in files {
        disk.set(name, Some(bytes.clone()));
    }
    let (mut spool, losses) = open(&disk);
    assert!(!losses.is_empty(), "{what} was not detected");
    let mut lost = BTreeSet::new();
    for loss in &losses {
        match &loss.what {
            Lost::Message {
                mailboxes,
                position,
            } => {
                lost.extend(mailboxes.iter().map(|mailbox| (*mailbox, *position)));
            }
            Lost::Window { .. } | Lost::Nothing => {}
            other => panic!("{what}: {other:?}"),
        }
    }
    let served = content(&mut spool);
    assert!(
        spool.take_losses().is_empty(),
        "{what}: damage was found too late"
    );
    for (mailbox, entries) in whole {
        let expected = entries
            .iter()
            .filter(|entry| !lost.contains(&(*mailbox, entry.position)));
        let expected: Vec<_> = expected.cloned().collect();
        let served = served.get(mailbox).map_or(&[][..], Vec::as_slice);
        assert_eq!(served, expected, "{what}");
    }
    for (mailbox, position) in &lost {
        let was_there = whole[mailbox]
            .iter()
            .any(|entry| entry.position == *position);
        assert!(was_there, "{what}: {position} is not lost for {mailbox:?}");
    }
    if again {
        goes_on(&disk, spool, &losses, what);
    }
    losses
}

/// Uses a store that was damaged, and opens it again: the damage does not spread.
fn goes_on(disk: &SimulatedDisk, mut spool: LogSpool, losses: &[Loss], what: &str) {
    let message = with_body(30, to(B, 900));
    let appended = spool.append(&message, at(1)).unwrap();
    assert!(
        matches!(appended, Appended::Stored { .. }),
        "{what}: {appended:?}"
    );
    spool.commit().unwrap();
    let mut before = content(&mut spool);
    drop(spool);
    let (mut spool, later) = open(disk);
    let after = content(&mut spool);
    before
        .values_mut()
        .flatten()
        .for_each(|entry| entry.recovered = true);
    assert_eq!(after, before, "{what}, opened again");
    for loss in later {
        let known = losses.iter().any(|known| known.what == loss.what);
        assert!(
            known || loss.what == Lost::Nothing,
            "{what}: {loss} came later"
        );
    }
}

#[test]
fn every_flipped_bit_is_detected_and_costs_one_record_at_most() {
    let (files, whole) = small_store();
    let mut costs = BTreeSet::new();
    for (name, bytes) in &files {
        for bit in bits(bytes.len()) {
            let mut damaged = files.clone();
            damaged.get_mut(name).expect("it is there")[bit / 8] ^= 1 << (bit % 8);
            let losses = check(
                &damaged,
                &whole,
                &format!("bit {bit} of {name}"),
                bit % 8 == 3,
            );
            let cost = losses
                .iter()
                .filter(|loss| loss.what != Lost::Nothing)
                .count();
            assert!(cost <= 1, "bit {bit} of {name}: {losses:?}");
            costs.insert(cost);
        }
    }
    assert_eq!(costs, BTreeSet::from([0, 1]));
}

#[test]
fn every_cut_is_detected_and_costs_what_was_cut_off() {
    let (files, whole) = small_store();
    let mut most = 0;
    for (name, bytes) in &files {
        for length in 0..bytes.len() {
            let mut damaged = files.clone();
            damaged.get_mut(name).expect("it is there").truncate(length);
            let losses = check(
                &damaged,
                &whole,
                &format!("{name} cut to {length} bytes"),
                true,
            );
            let cost = losses
                .iter()
                .filter(|loss| loss.what != Lost::Nothing)
                .count();
            assert!(
                cost == 0 || name.ends_with(".log"),
                "{name} at {length}: {losses:?}"
            );
            most = most.max(cost);
        }
    }
    assert!(most > 1);
}

#[test]
fn every_file_that_is_gone_is_told() {
    let (files, whole) = small_store();
    // The oldest segment is not missed when both of its files are gone, as when it was removed.
    for name in files.keys() {
        let mut damaged = files.clone();
        damaged.remove(name);
        check(&damaged, &whole, &format!("without {name}"), true);
    }
}

#[test]
fn damage_that_comes_while_the_spool_is_open_is_told_when_it_is_read() {
    let disk = SimulatedDisk::new(1);
    let (mut spool, _) = open(&disk);
    let positions: Vec<_> = (1..=3).map(|n| store(&mut spool, &to(A, n))).collect();
    spool.commit().unwrap();
    let name = "0000000001.log".to_owned();
    let bytes = disk.files()[&name].clone();
    let needle = b"body of 2";
    let place = bytes
        .windows(needle.len())
        .position(|bytes| bytes == needle)
        .unwrap();
    disk.overwrite(&name, place, b"X");
    let left = read(&mut spool, A, 0, ALL);
    assert_eq!(
        left.iter().map(|entry| entry.sequence).collect::<Vec<_>>(),
        [1, 3]
    );
    let losses = spool.take_losses();
    let ranges = Loss::ranges(&losses);
    assert_eq!(ranges, BTreeMap::from([(A, (positions[1], positions[1]))]));
    assert_eq!(spool.usage(A).messages, 2);
    let text = losses[0].to_string();
    assert!(
        text.starts_with("lost message 2 to ") && text.contains(&name),
        "{text}"
    );
}

#[test]
fn a_loss_names_the_group_members_whose_message_it_was() {
    let disk = SimulatedDisk::new(1);
    let (mut spool, _) = open(&disk);
    let message = publish(&[A, B], 1);
    assert_eq!(message.group, Some(GROUP));
    assert!(matches!(message.recipients, Recipients::Many(_)));
    let position = store(&mut spool, &message);
    spool.acknowledge(B, position..=position).unwrap();
    spool.commit().unwrap();
    let mut bytes = disk.files()["0000000001.log"].clone();
    let needle = b"body of 1";
    let place = bytes
        .windows(needle.len())
        .position(|bytes| bytes == needle)
        .unwrap();
    bytes[place] ^= 1;
    disk.set("0000000001.log", Some(bytes));
    let (_, losses) = open(&disk);
    // Who had acknowledged it has lost nothing.
    let (mailboxes, what) = (vec![A], &losses[0].what);
    assert_eq!(
        *what,
        Lost::Message {
            mailboxes,
            position
        }
    );
}
