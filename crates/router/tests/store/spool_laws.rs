//! What a spool does, of every kind.

use tuyau_router::store::{Appended, Expired, Full, Message, ReadLimit, Spool, StoreErrorKind};

use crate::{
    makers::{each_spool, settings},
    messages::{
        A, ALL, B, GROUP, OTHER, SENDER, again, at, held, publish, read, sequences, store, to,
        with_body,
    },
};

#[test]
fn a_mailbox_is_read_in_the_order_in_which_it_was_filled() {
    each_spool(|spool| {
        // Numbers of senders need not come in order, positions do.
        for sequence in [3, 1, 2] {
            store(spool, &to(A, sequence));
        }
        assert_eq!(sequences(spool, A), [3, 1, 2]);
        let entries = read(spool, A, 0, ALL);
        assert!(entries.is_sorted_by(|a, b| a.position < b.position));
        assert_eq!(sequences(spool, B), []);
    });
}

#[test]
fn an_entry_is_what_was_appended() {
    each_spool(|spool| {
        let message = publish(&[A, B, A], 7);
        let position = store(spool, &message);
        spool.commit().unwrap();
        for mailbox in [A, B] {
            let entries = read(spool, mailbox, 0, ALL);
            assert_eq!(entries.len(), 1);
            let entry = &entries[0];
            assert_eq!(entry.position, position);
            assert_eq!((entry.sender, entry.epoch, entry.sequence), (SENDER, 1, 7));
            assert_eq!((entry.group, entry.recovered), (Some(GROUP), false));
            assert_eq!((entry.stored, entry.expires), (at(0), message.expires));
            assert_eq!(entry.body, message.body);
        }
    });
}

#[test]
fn a_reading_begins_and_ends_where_it_is_told() {
    each_spool(|spool| {
        let positions: Vec<_> = (1..=5)
            .map(|n| store(spool, &with_body(50, to(A, n))))
            .collect();
        let limit = |messages, bytes| ReadLimit { messages, bytes };
        let numbers = |from, limit, spool: &mut dyn Spool| {
            let entries = read(spool, A, from, limit);
            entries
                .iter()
                .map(|entry| entry.sequence)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(positions[2], ALL, spool), [3, 4, 5]);
        assert_eq!(numbers(positions[2] + 1, limit(1, 1000), spool), [4]);
        assert_eq!(numbers(0, limit(9, 149), spool), [1, 2]);
        assert_eq!(numbers(0, limit(9, 150), spool), [1, 2, 3]);
        // However little is asked for, a reading goes on.
        assert_eq!(numbers(0, limit(9, 0), spool), [1]);
    });
}

#[test]
fn what_is_acknowledged_is_gone_in_any_order_and_more_than_once() {
    each_spool(|spool| {
        let positions: Vec<_> = (1..=6).map(|n| store(spool, &to(A, n))).collect();
        store(spool, &to(B, 7));
        let one = |at: usize| positions[at]..=positions[at];
        assert_eq!(spool.acknowledge(A, one(3)).unwrap().messages, 1);
        assert_eq!(spool.acknowledge(A, one(3)).unwrap().messages, 0);
        assert_eq!(spool.acknowledge(A, one(0)).unwrap().messages, 1);
        assert_eq!(sequences(spool, A), [2, 3, 5, 6]);
        assert_eq!(spool.acknowledge(A, 0..=positions[4]).unwrap().messages, 3);
        assert_eq!(sequences(spool, A), [6]);
        // Acknowledging what is to come does not remove it.
        spool.acknowledge(A, 0..=u64::MAX).unwrap();
        store(spool, &to(A, 8));
        assert_eq!(
            (sequences(spool, A), sequences(spool, B)),
            (vec![8], vec![7])
        );
        assert_eq!(spool.counters().acknowledged, 6);
    });
}

#[test]
fn one_recipient_acknowledges_for_itself_only() {
    each_spool(|spool| {
        let position = store(spool, &publish(&[A, B], 1));
        spool.acknowledge(A, position..=position).unwrap();
        assert_eq!(
            (sequences(spool, A), sequences(spool, B)),
            (vec![], vec![1])
        );
    });
}

#[test]
fn a_message_that_came_before_is_a_duplicate_even_when_it_was_acknowledged() {
    each_spool(|spool| {
        let position = store(spool, &to(A, 1));
        assert_eq!(again(spool, &to(A, 1)), held(position, 1));
        spool.acknowledge(A, position..=position).unwrap();
        assert_eq!(again(spool, &to(B, 1)), None);
        // Another epoch and another sender count for themselves.
        store(
            spool,
            &Message {
                epoch: 2,
                ..to(A, 1)
            },
        );
        store(
            spool,
            &Message {
                sender: OTHER,
                ..to(A, 1)
            },
        );
        assert_eq!(
            (spool.counters().stored, spool.counters().duplicates),
            (3, 2)
        );
    });
}

#[test]
fn numbers_below_the_window_are_stale_and_those_within_it_are_new() {
    each_spool(|spool| {
        store(spool, &to(A, 100));
        assert_eq!(spool.append(&to(A, 84), at(0)).unwrap(), Appended::Stale);
        store(spool, &to(A, 85));
        let position = store(spool, &to(A, 99));
        store(spool, &to(A, 101));
        assert_eq!(spool.append(&to(A, 85), at(0)).unwrap(), Appended::Stale);
        assert_eq!(again(spool, &to(A, 99)), held(position, 1));
        let position = store(spool, &to(A, u64::MAX));
        assert_eq!(spool.append(&to(A, 101), at(0)).unwrap(), Appended::Stale);
        assert_eq!(again(spool, &to(A, u64::MAX)), held(position, 1));
    });
}

#[test]
fn a_sender_is_forgotten_when_it_sent_nothing_for_long() {
    each_spool(|spool| {
        let kept = Message {
            expires: at(90_000),
            ..to(A, 1)
        };
        let first = store(spool, &kept);
        let late = spool.append(&to(A, 1), at(59_999)).unwrap();
        let held = held(first, 1);
        assert_eq!(late, Appended::Duplicate { held });
        assert_eq!(spool.counters().windows, 1);
        spool.expire(at(60_000)).unwrap();
        assert_eq!(spool.counters().windows, 0);
        let stored = spool.append(&to(A, 1), at(60_000)).unwrap();
        assert!(matches!(stored, Appended::Stored { .. }), "{stored:?}");
        // The one that is held from before has nothing to do with it.
        let position = first + 1;
        spool.acknowledge(A, position..=position).unwrap();
        let late = spool.append(&to(A, 1), at(60_001)).unwrap();
        assert_eq!(late, Appended::Duplicate { held: None });
    });
}

#[test]
fn only_so_many_epochs_of_a_sender_are_remembered() {
    each_spool(|spool| {
        let of = |epoch| Message { epoch, ..to(A, 1) };
        for epoch in 10..18 {
            let position = store(spool, &of(epoch));
            spool.acknowledge(A, position..=position).unwrap();
        }
        assert_eq!(spool.append(&of(9), at(0)).unwrap(), Appended::Stale);
        store(spool, &of(18));
        assert_eq!(spool.append(&of(10), at(0)).unwrap(), Appended::Stale);
        assert_eq!(again(spool, &of(11)), None);
        assert_eq!(spool.counters().windows, 8);
    });
}

#[test]
fn a_full_mailbox_refuses_and_the_sender_may_try_again() {
    each_spool(|spool| {
        let positions: Vec<_> = (1..=8).map(|n| store(spool, &to(A, n))).collect();
        let refused = Appended::Full(Full::MailboxMessages);
        assert_eq!(spool.append(&to(A, 9), at(0)).unwrap(), refused);
        assert_eq!(spool.counters().full, 1);
        spool.acknowledge(A, positions[0]..=positions[0]).unwrap();
        store(spool, &to(A, 9));
        let refused = Appended::Full(Full::MailboxBytes);
        store(spool, &with_body(300, to(B, 10)));
        assert_eq!(
            spool.append(&with_body(101, to(B, 11)), at(0)).unwrap(),
            refused
        );
        store(spool, &with_body(100, to(B, 12)));
    });
}

#[test]
fn a_full_spool_refuses_whatever_the_mailbox() {
    each_spool(|spool| {
        let mailbox = |n| tuyau_router::store::Id::new([n; 32]);
        for n in 0..20 {
            store(spool, &to(mailbox(n), n.into()));
        }
        let refused = Appended::Full(Full::Messages);
        assert_eq!(spool.append(&to(mailbox(20), 20), at(0)).unwrap(), refused);
        spool.acknowledge(mailbox(3), 0..=u64::MAX).unwrap();
        store(spool, &with_body(300, to(mailbox(20), 20)));
        spool.acknowledge(mailbox(4), 0..=u64::MAX).unwrap();
        spool.acknowledge(mailbox(5), 0..=u64::MAX).unwrap();
        store(spool, &with_body(300, to(mailbox(21), 21)));
        let refused = Appended::Full(Full::Bytes);
        assert_eq!(
            spool.append(&with_body(300, to(A, 22)), at(0)).unwrap(),
            refused
        );
    });
}

#[test]
fn of_many_recipients_only_those_whose_mailbox_is_full_are_refused() {
    each_spool(|spool| {
        for sequence in 1..=8 {
            store(spool, &to(A, sequence));
        }
        let appended = spool.append(&publish(&[A, B], 9), at(0)).unwrap();
        let Appended::Stored { refused, position } = appended else {
            panic!("{appended:?}")
        };
        assert_eq!(refused, [(A, Full::MailboxMessages)]);
        assert_eq!(sequences(spool, B), [9]);
        assert_eq!(again(spool, &publish(&[A, B], 9)), held(position, 1));
    });
}

#[test]
fn a_message_that_comes_again_tells_who_still_holds_it() {
    each_spool(|spool| {
        let message = publish(&[A, B, OTHER, A], 1);
        let position = store(spool, &message);
        assert_eq!(again(spool, &message), held(position, 3));
        spool.acknowledge(A, 0..=u64::MAX).unwrap();
        spool.commit().unwrap();
        assert_eq!(again(spool, &message), held(position, 2));
        spool.acknowledge(A, position..=position).unwrap();
        assert_eq!(again(spool, &message), held(position, 2));
        spool.acknowledge(OTHER, position..=position).unwrap();
        assert_eq!(again(spool, &message), held(position, 1));
        spool.expire(at(59_999)).unwrap();
        assert_eq!(again(spool, &message), held(position, 1));
        // Nobody holds what was published to nobody.
        store(spool, &publish(&[], 2));
        assert_eq!(again(spool, &publish(&[B], 2)), None);
        let short = Message {
            expires: at(10),
            ..to(A, 3)
        };
        store(spool, &short);
        spool.expire(at(10)).unwrap();
        assert_eq!(again(spool, &short), None);
    });
}

#[test]
fn what_expired_is_gone_and_told() {
    each_spool(|spool| {
        let until = |millis, message| Message {
            expires: at(millis),
            ..message
        };
        let first = store(spool, &until(2000, to(B, 1)));
        store(spool, &until(3000, to(A, 2)));
        let third = store(spool, &until(1000, to(A, 3)));
        assert_eq!(spool.expire(at(999)).unwrap(), []);
        let gone = spool.expire(at(2000)).unwrap();
        let expired = |mailbox, position| Expired { mailbox, position };
        assert_eq!(gone, [expired(A, third), expired(B, first)]);
        assert_eq!(
            (sequences(spool, A), sequences(spool, B)),
            (vec![2], vec![])
        );
        assert_eq!(spool.counters().expired, 2);
    });
}

#[test]
fn usage_follows_what_is_held() {
    each_spool(|spool| {
        let first = store(spool, &with_body(10, publish(&[A, B], 1)));
        store(spool, &with_body(5, to(B, 2)));
        let counts = |usage: tuyau_router::store::Usage| (usage.messages, usage.bytes);
        assert_eq!(counts(spool.usage(A)), (1, 10));
        assert_eq!(counts(spool.usage(B)), (2, 15));
        assert_eq!(counts(spool.counters().held), (3, 25));
        let ids = |listed: Vec<(_, _)>| listed.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(spool.mailboxes(None, 9)), [A, B]);
        assert_eq!(ids(spool.mailboxes(None, 1)), [A]);
        assert_eq!(ids(spool.mailboxes(Some(A), 9)), [B]);
        assert_eq!(
            counts(spool.acknowledge(A, first..=first).unwrap()),
            (1, 10)
        );
        assert_eq!(counts(spool.usage(A)), (0, 0));
        assert_eq!(ids(spool.mailboxes(None, 9)), [B]);
        assert_eq!(spool.counters().mailboxes, 1);
    });
}

#[test]
fn a_body_that_is_too_long_is_refused_and_changes_nothing() {
    each_spool(|spool| {
        let long = with_body(settings().max_body + 1, to(A, 1));
        let error = spool.append(&long, at(0)).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::TooLarge);
        assert!(
            error.to_string().starts_with("a body of 301 bytes"),
            "{error}"
        );
        store(spool, &to(A, 1));
    });
}
