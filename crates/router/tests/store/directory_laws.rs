//! What a directory does, of every kind.

use std::sync::Arc;

use tuyau_router::{
    Timestamp,
    store::{
        Change, Changes, Directory, Id, Item, KEPT_CHANGES, Lease, Leased, MAX_STATEMENT, Put,
        StoreErrorKind, Subject,
    },
};

use crate::{
    makers::each_directory,
    messages::{A, B, GROUP, at},
};

const ROUTE: Subject = Subject::Registration(A);

fn item(subject: Subject, sequence: u64) -> Item {
    Item {
        subject,
        sequence,
        expires: at(60_000),
        withdrawn: false,
        bytes: Arc::from(format!("statement {sequence}").into_bytes()),
    }
}

fn put(directory: &mut dyn Directory, item: Item) {
    assert_eq!(directory.put(item).unwrap(), Put::Stored);
}

#[test]
fn a_newer_statement_takes_the_place_of_the_older_one_and_never_the_reverse() {
    each_directory(|directory| {
        put(directory, item(ROUTE, 5));
        assert_eq!(directory.put(item(ROUTE, 5)).unwrap(), Put::Same);
        let other = Item {
            withdrawn: true,
            ..item(ROUTE, 5)
        };
        assert_eq!(directory.put(other).unwrap(), Put::Stale { known: 5 });
        assert_eq!(
            directory.put(item(ROUTE, 4)).unwrap(),
            Put::Stale { known: 5 }
        );
        put(directory, item(ROUTE, 6));
        assert_eq!(directory.item(&ROUTE), Some(item(ROUTE, 6)));
        assert_eq!(directory.len(), 1);
    });
}

#[test]
fn a_withdrawal_keeps_an_older_registration_away_until_it_expires() {
    each_directory(|directory| {
        put(directory, item(ROUTE, 5));
        put(
            directory,
            Item {
                withdrawn: true,
                ..item(ROUTE, 6)
            },
        );
        assert_eq!(
            directory.put(item(ROUTE, 5)).unwrap(),
            Put::Stale { known: 6 }
        );
        assert_eq!(directory.expire(at(60_000)).unwrap(), [ROUTE]);
        put(directory, item(ROUTE, 5));
    });
}

#[test]
fn items_are_read_sorted_in_pieces() {
    each_directory(|directory| {
        let member = |group, member| Subject::Member { group, member };
        let subjects = [
            Subject::Registration(A),
            Subject::Registration(B),
            Subject::Group(GROUP),
            member(GROUP, A),
            member(GROUP, B),
            Subject::Grant {
                group: GROUP,
                holder: A,
            },
        ];
        for subject in subjects.iter().rev() {
            put(directory, item(*subject, 1));
        }
        let mut read = Vec::new();
        while let Some(last) = {
            let piece = directory.items(read.last().copied(), 2);
            read.extend(piece.iter().map(|item| item.subject));
            piece.last().map(|item| item.subject)
        } {
            assert_eq!(read.last(), Some(&last));
        }
        assert_eq!(read, subjects);
    });
}

#[test]
fn what_is_removed_may_come_again() {
    each_directory(|directory| {
        put(directory, item(ROUTE, 5));
        assert!(directory.remove(ROUTE).unwrap());
        assert!(!directory.remove(ROUTE).unwrap());
        assert!(directory.item(&ROUTE).is_none() && directory.is_empty());
        put(directory, item(ROUTE, 1));
    });
}

#[test]
fn what_expired_is_told_sorted() {
    each_directory(|directory| {
        put(
            directory,
            Item {
                expires: at(2),
                ..item(Subject::Group(GROUP), 1)
            },
        );
        put(
            directory,
            Item {
                expires: at(3),
                ..item(ROUTE, 1)
            },
        );
        put(
            directory,
            Item {
                expires: at(4),
                ..item(Subject::Registration(B), 1)
            },
        );
        assert_eq!(directory.expire(at(1)).unwrap(), []);
        assert_eq!(
            directory.expire(at(3)).unwrap(),
            [ROUTE, Subject::Group(GROUP)]
        );
        assert_eq!(directory.len(), 1);
    });
}

#[test]
fn counters_are_what_they_were_set_to() {
    each_directory(|directory| {
        assert_eq!(directory.counter("processed"), 0);
        directory.set_counter("processed", 7).unwrap();
        directory.set_counter("refused", 1).unwrap();
        directory.set_counter("processed", 9).unwrap();
        assert_eq!(
            (directory.counter("processed"), directory.counter("refused")),
            (9, 1)
        );
        let error = directory.set_counter(&"x".repeat(256), 1).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::TooLarge);
    });
}

#[test]
fn a_subject_has_one_holder_whose_epoch_is_higher_than_every_one_before() {
    each_directory(|directory| {
        let granted = |leased| match leased {
            Leased::Granted(lease) => lease,
            Leased::Held(lease) => panic!("held: {lease:?}"),
        };
        let until = |millis| -> Timestamp { at(millis) };
        let first = granted(directory.lease(ROUTE, A, until(100), at(0)).unwrap());
        assert_eq!((first.holder, first.until), (A, at(100)));
        assert_eq!(
            directory.lease(ROUTE, B, until(100), at(99)).unwrap(),
            Leased::Held(first)
        );
        let renewed = granted(directory.lease(ROUTE, A, until(200), at(50)).unwrap());
        assert_eq!(
            renewed,
            Lease {
                until: at(200),
                ..first
            }
        );
        assert_eq!(directory.holder(&ROUTE, at(199)), Some(renewed));
        assert_eq!(directory.holder(&ROUTE, at(200)), None);
        let second = granted(directory.lease(ROUTE, B, until(300), at(200)).unwrap());
        assert!(second.epoch > first.epoch);
        // What the earlier holder gives back is not its any more.
        assert!(!directory.release(ROUTE, first.epoch).unwrap());
        assert_eq!(directory.holder(&ROUTE, at(201)), Some(second));
        assert!(directory.release(ROUTE, second.epoch).unwrap());
        directory.expire(at(1000)).unwrap();
        let third = granted(directory.lease(ROUTE, A, until(2000), at(1000)).unwrap());
        assert!(third.epoch > second.epoch);
    });
}

#[test]
fn those_who_watch_are_told_what_changed_or_to_read_everything() {
    each_directory(|directory| {
        put(directory, item(ROUTE, 1));
        let since = directory.revision();
        put(directory, item(Subject::Group(GROUP), 1));
        directory.put(item(ROUTE, 1)).unwrap();
        directory.remove(ROUTE).unwrap();
        let change = |revision, subject| Change { revision, subject };
        let both = vec![
            change(since + 1, Subject::Group(GROUP)),
            change(since + 2, ROUTE),
        ];
        assert_eq!(directory.changes(since, 9), Changes::Some(both.clone()));
        assert_eq!(
            directory.changes(since, 1),
            Changes::Some(both[..1].to_vec())
        );
        assert_eq!(directory.changes(since + 2, 9), Changes::Some(Vec::new()));
        for n in 0..KEPT_CHANGES {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            put(directory, item(Subject::Registration(Id::new(bytes)), 1));
        }
        assert_eq!(directory.changes(since + 1, 9), Changes::All);
        assert!(matches!(directory.changes(since + 2, 1), Changes::Some(_)));
    });
}

#[test]
fn a_statement_that_is_too_long_is_refused_and_changes_nothing() {
    each_directory(|directory| {
        let bytes = vec![0; MAX_STATEMENT + 1].into();
        let error = directory
            .put(Item {
                bytes,
                ..item(ROUTE, 1)
            })
            .unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::TooLarge);
        assert_eq!((directory.len(), directory.revision()), (0, 0));
    });
}
