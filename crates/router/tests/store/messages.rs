//! Messages as short as a test can say them.

use std::sync::Arc;

use tuyau_router::{
    Timestamp,
    store::{Appended, Entry, Held, Id, Message, ReadLimit, Recipients, Spool},
};

pub(crate) const A: Id = Id::new([0xaa; 32]);
pub(crate) const B: Id = Id::new([0xbb; 32]);
pub(crate) const SENDER: Id = Id::new([0x55; 32]);
pub(crate) const OTHER: Id = Id::new([0x66; 32]);
pub(crate) const GROUP: Id = Id::new([0x99; 32]);

/// Everything there is.
pub(crate) const ALL: ReadLimit = ReadLimit {
    messages: usize::MAX,
    bytes: usize::MAX,
};

/// A moment, in milliseconds since the begin of the test.
pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_900_000_000_000 + millis)
}

/// A message of `SENDER` that lives for a minute.
pub(crate) fn to(recipient: Id, sequence: u64) -> Message {
    Message {
        recipients: Recipients::One(recipient),
        group: None,
        sender: SENDER,
        epoch: 1,
        sequence,
        expires: at(60_000),
        body: Arc::from(format!("body of {sequence}").into_bytes()),
    }
}

pub(crate) fn publish(recipients: &[Id], sequence: u64) -> Message {
    Message {
        recipients: Recipients::Many(recipients.into()),
        group: Some(GROUP),
        ..to(A, sequence)
    }
}

pub(crate) fn with_body(length: usize, message: Message) -> Message {
    let body = vec![b'x'; length].into();
    Message { body, ..message }
}

/// Appends what must be stored for everyone, and gives where.
pub(crate) fn store(spool: &mut dyn Spool, message: &Message) -> u64 {
    match spool.append(message, at(0)).unwrap() {
        Appended::Stored { position, refused } if refused.is_empty() => position,
        other => panic!("{message:?} was not stored: {other:?}"),
    }
}

/// Appends what came before, and gives who holds it.
pub(crate) fn again(spool: &mut dyn Spool, message: &Message) -> Option<Held> {
    match spool.append(message, at(0)).unwrap() {
        Appended::Duplicate { held } => held,
        other => panic!("{message:?} did not come before: {other:?}"),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as `again` gives it")]
pub(crate) fn held(position: u64, mailboxes: u64) -> Option<Held> {
    Some(Held {
        position,
        mailboxes,
    })
}

pub(crate) fn read(spool: &mut dyn Spool, mailbox: Id, from: u64, limit: ReadLimit) -> Vec<Entry> {
    let mut entries = Vec::new();
    spool.read(mailbox, from, limit, &mut entries).unwrap();
    entries
}

/// The sequence numbers of what is in a mailbox.
pub(crate) fn sequences(spool: &mut dyn Spool, mailbox: Id) -> Vec<u64> {
    let entries = read(spool, mailbox, 0, ALL);
    entries.iter().map(|entry| entry.sequence).collect()
}
