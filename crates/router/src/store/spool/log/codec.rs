//! The records of a spool.
//!
//! | kind | tag | rest |
//! |---|---|---|
//! | 1, message | position, recipients (32 bytes each) | when it was stored, when it expires, epoch, sequence, sender, 1 and the group or 0, body |
//! | 2, copy of a message whose segment is removed | the same, recipients that have not acknowledged it | the same |
//! | 3, acknowledgement | mailbox, first position, last position | |
//! | 4, which messages of a sender came | sender, epoch | highest number, when the last one came, the position of the first one that is remembered, and a bit for each number from the highest down, eight bytes at a time, the last of them not zero |
//!
//! Numbers have eight bytes and times are milliseconds since 1970.

use std::sync::Arc;

use crate::{
    Timestamp,
    store::{Entry, Id, log::u64_at},
};

pub(super) const MESSAGE: u8 = 1;
pub(super) const COPY: u8 = 2;
pub(super) const ACKNOWLEDGEMENT: u8 = 3;
pub(super) const WINDOW: u8 = 4;

/// What a message's record has before the body, without a group.
const META: usize = 4 * 8 + Id::LENGTH + 1;

/// What a message to one mailbox takes beside its body, about, in bytes.
pub(super) const OVERHEAD: u64 = 24 + 8 + Id::LENGTH as u64 + META as u64;

/// What the tag of a message says.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageTag<'a> {
    pub(super) position: u64,
    recipients: &'a [u8],
}

/// What the rest of a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored<'a> {
    pub(super) stored: u64,
    pub(super) expires: u64,
    pub(super) epoch: u64,
    pub(super) sequence: u64,
    pub(super) sender: Id,
    pub(super) group: Option<Id>,
    pub(super) body: &'a [u8],
}

/// What an acknowledgement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) mailbox: Id,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// What is kept of a sender's epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) high: u64,
    pub(super) last: u64,
    /// The position of the first message that is remembered.
    pub(super) first: u64,
    /// From the highest number down.
    pub(super) bits: Vec<u64>,
}

impl<'a> MessageTag<'a> {
    pub(super) fn decode(tag: &'a [u8]) -> Option<Self> {
        let recipients = tag.get(8..)?;
        (recipients.len() % Id::LENGTH == 0).then_some(Self {
            position: u64_at(tag, 0),
            recipients,
        })
    }

    pub(super) fn recipients(self) -> impl Iterator<Item = Id> + use<'a> {
        self.recipients
            .chunks_exact(Id::LENGTH)
            .map(|id| id_at(id, 0))
    }

    pub(super) fn encode(out: &mut Vec<u8>, position: u64, recipients: &[Id]) {
        out.clear();
        out.extend(position.to_le_bytes());
        for id in recipients {
            out.extend(id.as_bytes());
        }
    }
}

impl<'a> Stored<'a> {
    pub(super) fn decode(rest: &'a [u8]) -> Option<Self> {
        let (meta, mut body) = rest.split_at_checked(META)?;
        let group = match meta[META - 1] {
            0 => None,
            1 => {
                let (group, behind) = body.split_at_checked(Id::LENGTH)?;
                body = behind;
                Some(id_at(group, 0))
            }
            _ => return None,
        };
        Some(Self {
            stored: u64_at(meta, 0),
            expires: u64_at(meta, 8),
            epoch: u64_at(meta, 16),
            sequence: u64_at(meta, 24),
            sender: id_at(meta, 32),
            group,
            body,
        })
    }

    /// Writes all but the body.
    pub(super) fn encode_meta(&self, out: &mut Vec<u8>) {
        out.clear();
        for number in [self.stored, self.expires, self.epoch, self.sequence] {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.sender.as_bytes());
        out.push(u8::from(self.group.is_some()));
        if let Some(group) = self.group {
            out.extend(group.as_bytes());
        }
    }

    pub(super) fn entry(&self, position: u64, recovered: bool) -> Entry {
        Entry {
            position,
            sender: self.sender,
            group: self.group,
            epoch: self.epoch,
            sequence: self.sequence,
            stored: Timestamp::from_millis(self.stored),
            expires: Timestamp::from_millis(self.expires),
            recovered,
            body: Arc::from(self.body),
        }
    }
}

impl Acknowledged {
    pub(super) fn decode(tag: &[u8]) -> Option<Self> {
        (tag.len() == Id::LENGTH + 16).then(|| Self {
            mailbox: id_at(tag, 0),
            first: u64_at(tag, Id::LENGTH),
            last: u64_at(tag, Id::LENGTH + 8),
        })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut tag = self.mailbox.as_bytes().to_vec();
        tag.extend(self.first.to_le_bytes());
        tag.extend(self.last.to_le_bytes());
        tag
    }
}

impl Kept {
    pub(super) fn decode(rest: &[u8]) -> Option<Self> {
        let bits = rest.get(24..)?;
        let bits: Vec<_> = bits
            .chunks(8)
            .map(|word| (word.len(), u64_at(word, 0)))
            .collect();
        let whole = bits.iter().all(|(length, _)| *length == 8);
        let shortest = bits.last().is_none_or(|(_, word)| *word != 0);
        (whole && shortest).then(|| Self {
            high: u64_at(rest, 0),
            last: u64_at(rest, 8),
            first: u64_at(rest, 16),
            bits: bits.into_iter().map(|(_, word)| word).collect(),
        })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut rest = self.high.to_le_bytes().to_vec();
        rest.extend(self.last.to_le_bytes());
        rest.extend(self.first.to_le_bytes());
        self.bits
            .iter()
            .for_each(|word| rest.extend(word.to_le_bytes()));
        rest
    }
}

/// The tag of what is kept of a sender's epoch.
pub(super) fn window_tag(sender: Id, epoch: u64) -> Vec<u8> {
    let mut tag = sender.as_bytes().to_vec();
    tag.extend(epoch.to_le_bytes());
    tag
}

pub(super) fn decode_window_tag(tag: &[u8]) -> Option<(Id, u64)> {
    (tag.len() == Id::LENGTH + 8).then(|| (id_at(tag, 0), u64_at(tag, Id::LENGTH)))
}

fn id_at(bytes: &[u8], at: usize) -> Id {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    Id::new(bytes.copied().unwrap_or_default())
}

/// Checks on any bytes that what is read of them is written back as it was.
#[cfg(fuzzing)]
pub(in crate::store) fn assert_decodes_soundly(bytes: &[u8]) {
    let mut again = Vec::new();
    if let Some(tag) = MessageTag::decode(bytes) {
        let recipients: Vec<_> = tag.recipients().collect();
        MessageTag::encode(&mut again, tag.position, &recipients);
        assert_eq!(again, bytes);
    }
    if let Some(stored) = Stored::decode(bytes) {
        stored.encode_meta(&mut again);
        again.extend(stored.body);
        assert_eq!(again, bytes);
    }
    if let Some(acknowledged) = Acknowledged::decode(bytes) {
        assert_eq!(acknowledged.encode(), bytes);
    }
    if let Some(kept) = Kept::decode(bytes) {
        assert_eq!(kept.encode(), bytes);
    }
    if let Some((sender, epoch)) = decode_window_tag(bytes) {
        assert_eq!(window_tag(sender, epoch), bytes);
    }
}
