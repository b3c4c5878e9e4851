//! Lanes of stored messages: what a recipient is told of who sent them.

use std::{collections::HashMap, sync::Arc};

use tuyau_wire::{Announcement, Class, Level};

use crate::{
    lane::{Destination, Lane, Plan},
    numbers::Numbers,
    store::{Entry, Id},
};

/// The lanes along which stored messages are delivered, each for all messages of which recipients
/// are told the same.
#[derive(Debug)]
pub(super) struct Sources {
    numbers: Numbers,
    lanes: HashMap<Key, Source>,
}

/// How many sweeps a lane is kept for which nobody asks, so that a recipient is not told of a sender
/// again and again.
const QUIET: u32 = 60;

/// What recipients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) sender: Id,
    pub(super) epoch: u64,
    pub(super) group: Option<Id>,
    /// In milliseconds.
    pub(super) ttl: u64,
}

impl Key {
    /// Of messages that are kept for `ttl_max` milliseconds at most.
    pub(super) fn of(entry: &Entry, ttl_max: u64) -> Self {
        let ttl = entry.expires.since(entry.stored).as_millis();
        Self {
            sender: entry.sender,
            epoch: entry.epoch,
            group: entry.group,
            ttl: bound(u64::try_from(ttl).unwrap_or(u64::MAX), ttl_max),
        }
    }
}

/// The ttl of messages that are kept so long, as recipients are told of it: 0 for as long as the
/// router allows.
pub(super) fn bound(ttl: u64, ttl_max: u64) -> u64 {
    if ttl < ttl_max { ttl } else { 0 }
}

#[derive(Debug)]
struct Source {
    lane: Arc<Lane>,
    /// How many sweeps there were since it was asked for.
    quiet: u32,
}

impl Sources {
    pub(super) fn new(numbers: Numbers) -> Self {
        let lanes = HashMap::new();
        Self { numbers, lanes }
    }

    /// The lane of stored messages; none when an id in the key is no identity.
    pub(super) fn of(&mut self, key: Key) -> Option<Arc<Lane>> {
        if let Some(source) = self.lanes.get_mut(&key) {
            source.quiet = 0;
            return Some(source.lane.clone());
        }
        let group = key.group.map(|group| group.identity()).transpose();
        let announcement = Announcement {
            identity: key.sender.identity().ok()?,
            epoch: key.epoch,
            group: group.ok()?,
            class: Class::Durable,
            acknowledge: true,
            ttl: key.ttl,
        };
        let plan = Plan {
            announcement,
            sender: None,
            to: Destination::Mailboxes,
            level: Level::None,
            credit: 0,
            mail: None,
        };
        let lane = Arc::new(Lane::new(self.numbers.take(), plan));
        let source = Source {
            lane: lane.clone(),
            quiet: 0,
        };
        self.lanes.insert(key, source);
        Some(lane)
    }

    /// Forgets the lanes that nobody asked for in the last calls and along which nothing waits for an
    /// acknowledgement.
    pub(super) fn sweep(&mut self) {
        self.lanes.retain(|_, source| {
            source.quiet += 1;
            source.quiet <= QUIET || Arc::strong_count(&source.lane) > 1
        });
    }
}
