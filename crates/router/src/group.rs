//! Groups: who gets what is published.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tuyau_wire::Identity;

use crate::{engine::SessionId, outbox::Outbox, peer::Peer};

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
    all: BTreeMap<SessionId, (Identity, Outbox)>,
    /// The same, for whoever publishes; made anew when it is asked for after a change.
    list: Option<Arc<[Outbox]>>,
    /// The durable members: what is published is kept for them.
    keepers: BTreeMap<Identity, Arc<Peer>>,
    /// The same, as the list above.
    kept_for: Option<Arc<[Arc<Peer>]>>,
}

impl Members {
    fn is_empty(&self) -> bool {
        self.all.is_empty() && self.keepers.is_empty()
    }
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
        let Members { all, list, .. } = &mut *members;
        let make = || all.values().map(|(_, outbox)| outbox.clone()).collect();
        list.get_or_insert_with(make).clone()
    }

    /// The sessions that are in it now, of identities that are no durable members.
    pub(crate) fn guests(&self) -> Vec<Outbox> {
        let members = self.lock();
        let all = members.all.values();
        let guests = all.filter(|(identity, _)| !members.keepers.contains_key(identity));
        guests.map(|(_, outbox)| outbox.clone()).collect()
    }

    /// The durable members, without the publisher.
    pub(crate) fn keepers(&self, publisher: &Identity) -> Arc<[Arc<Peer>]> {
        let mut members = self.lock();
        let Members {
            keepers, kept_for, ..
        } = &mut *members;
        if keepers.contains_key(publisher) {
            let others = keepers.values().filter(|it| it.identity != *publisher);
            return others.cloned().collect();
        }
        let make = || keepers.values().cloned().collect();
        kept_for.get_or_insert_with(make).clone()
    }

    /// An identity is a durable member from now on.
    pub(crate) fn enlist(&self, peer: &Arc<Peer>) {
        let mut members = self.lock();
        members.keepers.insert(peer.identity, peer.clone());
        members.kept_for = None;
    }

    /// An identity is no durable member any more.
    pub(crate) fn dismiss(&self, identity: &Identity) {
        let mut members = self.lock();
        members.keepers.remove(identity);
        members.kept_for = None;
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
    pub(crate) fn join(&mut self, group: Identity, member: Identity, outbox: &Outbox) {
        let group = self.of(group);
        let mut members = group.lock();
        let session = outbox.session();
        members.all.insert(session, (member, outbox.clone()));
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
            .retain(|_, group| Arc::strong_count(group) > 1 || !group.lock().is_empty());
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
