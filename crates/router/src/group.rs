//! Groups: who gets what is published.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tuyau_wire::Identity;

use crate::{engine::SessionId, outbox::Outbox};

/// The least that one publisher may have under way to a group, in bytes, where queues are not so
/// short that it would be more than half of one.
const WINDOW_MIN: usize = 16 * 1024;

/// A group, and the sessions that are in it now.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) identity: Identity,
    /// What one publisher may have under way, in bytes.
    window: u64,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    /// By their session, so in about the order in which they joined.
    all: BTreeMap<SessionId, Outbox>,
    /// The same, for whoever publishes; made anew when it is asked for after a change.
    list: Option<Arc<[Outbox]>>,
}

impl Group {
    /// `queue` is how many bytes may wait for a member. A publisher has at most a quarter of it
    /// under way: a member that reads then misses nothing, also of a few publishers at once.
    fn new(identity: Identity, queue: usize) -> Self {
        let window = (queue / 4).max(WINDOW_MIN.min(queue / 2));
        Self {
            identity,
            window: window as u64,
            members: Mutex::default(),
        }
    }

    /// The sessions that are in it now.
    pub(crate) fn members(&self) -> Arc<[Outbox]> {
        let mut members = self.lock();
        let Members { all, list } = &mut *members;
        let make = || all.values().cloned().collect();
        list.get_or_insert_with(make).clone()
    }

    /// What one publisher may have under way, in bytes.
    pub(crate) fn window(&self) -> u64 {
        self.window
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All groups that have a member, or to which a lane leads.
#[derive(Debug)]
pub(crate) struct Groups {
    all: HashMap<Identity, Arc<Group>>,
    /// How many bytes may wait for a member.
    queue: usize,
}

impl Groups {
    /// No group yet; of all that come, `queue` bytes may wait for a member.
    pub(crate) fn new(queue: usize) -> Self {
        let all = HashMap::new();
        Self { all, queue }
    }

    /// The one with this key.
    pub(crate) fn of(&mut self, identity: Identity) -> Arc<Group> {
        let queue = self.queue;
        let new = || Arc::new(Group::new(identity, queue));
        self.all.entry(identity).or_insert_with(new).clone()
    }

    /// A session joins; once is as good as twice.
    pub(crate) fn join(&mut self, identity: Identity, outbox: &Outbox) {
        let group = self.of(identity);
        let mut members = group.lock();
        members.all.insert(outbox.session(), outbox.clone());
        members.list = None;
    }

    /// A session leaves.
    pub(crate) fn leave(&mut self, identity: Identity, session: SessionId) {
        let Some(group) = self.all.get(&identity) else {
            return;
        };
        let mut members = group.lock();
        members.all.remove(&session);
        members.list = None;
    }

    /// Forgets the groups without members, to which no lane leads.
    pub(crate) fn sweep(&mut self) {
        self.all
            .retain(|_, group| Arc::strong_count(group) > 1 || !group.lock().all.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuyau_wire::SecretKey;

    #[test]
    fn what_a_publisher_has_under_way_is_a_part_of_what_a_queue_holds() {
        let identity = SecretKey::from_seed([1; 32]).identity();
        for (queue, window) in [
            (1 << 20, 256 * 1024),
            (128 * 1024, 32 * 1024),
            (40_000, 16 * 1024),
            (4096, 2048),
        ] {
            assert_eq!(Group::new(identity, queue).window(), window, "{queue}");
        }
    }
}
