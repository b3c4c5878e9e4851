//! Groups: who gets what is published.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tuyau_wire::Identity;

use crate::{engine::SessionId, outbox::Outbox};

/// What one publisher may have under way to a group, in bytes.
const WINDOW: u64 = 256 * 1024;

/// A group, and the sessions that are in it now.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) identity: Identity,
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
    fn new(identity: Identity) -> Self {
        Self {
            identity,
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
        WINDOW
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All groups that have a member, or to which a lane leads.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    all: HashMap<Identity, Arc<Group>>,
}

impl Groups {
    /// The one with this key.
    pub(crate) fn of(&mut self, identity: Identity) -> Arc<Group> {
        let new = || Arc::new(Group::new(identity));
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
