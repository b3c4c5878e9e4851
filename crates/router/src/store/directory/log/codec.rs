//! The records of a directory.
//!
//! | kind | tag | rest |
//! |---|---|---|
//! | 1, item | revision, subject | sequence, when it expires, 1 when it is withdrawn or 0, the statement |
//! | 2, item removed | revision, subject | |
//! | 3, counter | its name | its value |
//! | 4, lease | revision, subject | epoch, until when, holder |
//! | 5, lease ended | revision, subject | |
//!
//! A subject is the number of its kind, and one or two times 32 bytes. Numbers have eight bytes and
//! times are milliseconds since 1970.

use std::sync::Arc;

use crate::{
    Timestamp,
    store::{Id, Item, Lease, Subject, log::u64_at},
};

pub(super) const ITEM: u8 = 1;
pub(super) const REMOVED: u8 = 2;
pub(super) const COUNTER: u8 = 3;
pub(super) const LEASE: u8 = 4;
pub(super) const RELEASED: u8 = 5;

/// What an item's record has before the statement.
const META: usize = 17;

pub(super) fn tag(revision: u64, subject: &Subject) -> Vec<u8> {
    let (kind, first, second) = subject.parts();
    let mut tag = revision.to_le_bytes().to_vec();
    tag.push(kind);
    tag.extend(first.as_bytes());
    tag.extend(second.into_iter().flat_map(Id::as_bytes));
    tag
}

pub(super) fn decode_tag(tag: &[u8]) -> Option<(u64, Subject)> {
    let (kind, ids) = tag.get(8..)?.split_first()?;
    let (first, second) = ids.split_first_chunk::<{ Id::LENGTH }>()?;
    let second = match second {
        [] => None,
        second => Some(Id::new(second.try_into().ok()?)),
    };
    let subject = Subject::from_parts(*kind, Id::new(*first), second)?;
    Some((u64_at(tag, 0), subject))
}

/// All of an item but its subject and the statement.
pub(super) fn item_meta(item: &Item) -> [u8; META] {
    let mut meta = [0; META];
    meta[..8].copy_from_slice(&item.sequence.to_le_bytes());
    meta[8..16].copy_from_slice(&item.expires.millis().to_le_bytes());
    meta[16] = u8::from(item.withdrawn);
    meta
}

pub(super) fn decode_item(subject: Subject, rest: &[u8]) -> Option<Item> {
    let (meta, bytes) = rest.split_at_checked(META)?;
    let withdrawn = match meta[16] {
        0 => false,
        1 => true,
        _ => return None,
    };
    Some(Item {
        subject,
        sequence: u64_at(meta, 0),
        expires: Timestamp::from_millis(u64_at(meta, 8)),
        withdrawn,
        bytes: Arc::from(bytes),
    })
}

pub(super) fn decode_counter<'a>(tag: &'a [u8], rest: &[u8]) -> Option<(&'a str, u64)> {
    let value = u64::from_le_bytes(rest.try_into().ok()?);
    Some((str::from_utf8(tag).ok()?, value))
}

pub(super) fn lease(lease: &Lease) -> Vec<u8> {
    let mut rest = lease.epoch.to_le_bytes().to_vec();
    rest.extend(lease.until.millis().to_le_bytes());
    rest.extend(lease.holder.as_bytes());
    rest
}

pub(super) fn decode_lease(rest: &[u8]) -> Option<Lease> {
    let holder = Id::new(rest.get(16..)?.try_into().ok()?);
    Some(Lease {
        holder,
        epoch: u64_at(rest, 0),
        until: Timestamp::from_millis(u64_at(rest, 8)),
    })
}

/// Checks on any bytes that what is read of them is written back as it was.
#[cfg(fuzzing)]
pub(in crate::store) fn assert_decodes_soundly(bytes: &[u8]) {
    if let Some((revision, subject)) = decode_tag(bytes) {
        assert_eq!(tag(revision, &subject), bytes);
    }
    if let Some(item) = decode_item(Subject::Group(Id::new([1; 32])), bytes) {
        let mut again = item_meta(&item).to_vec();
        again.extend(&item.bytes[..]);
        assert_eq!(again, bytes);
    }
    if let Some(found) = decode_lease(bytes) {
        assert_eq!(lease(&found), bytes);
    }
    if let Some((name, value)) = decode_counter(bytes, &7_u64.to_le_bytes()) {
        assert_eq!((name.as_bytes(), value), (bytes, 7));
    }
}
