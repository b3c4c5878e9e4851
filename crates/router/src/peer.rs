//! Where an identity is reached now, and how it gets what is stored for it.

mod mailbox;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tuyau_wire::Identity;

use crate::{mail::Mail, outbox::Outbox};

pub(crate) use mailbox::Kept;
use mailbox::Mailbox;

/// The least that one sender may have under way to one recipient, in bytes.
const WINDOW_MIN: u64 = 16 * 1024;

/// An identity to which lanes lead, and the session in which it is reached now.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) identity: Identity,
    state: Mutex<State>,
    mailbox: Mailbox,
}

#[derive(Debug, Default)]
struct State {
    outbox: Option<Outbox>,
    /// How many lanes lead here.
    lanes: u64,
}

impl Peer {
    fn new(identity: Identity, mail: Option<Mail>) -> Self {
        Self {
            identity,
            state: Mutex::default(),
            mailbox: Mailbox::new(mail),
        }
    }

    /// Where it is reached, if it has a session.
    pub(crate) fn outbox(&self) -> Option<Outbox> {
        self.lock().outbox.clone()
    }

    /// What one sender may have under way to it, in bytes: half of what may wait for it, shared.
    pub(crate) fn window(&self) -> u64 {
        let state = self.lock();
        let limit = state.outbox.as_ref().map_or(0, Outbox::limit) as u64;
        let share = limit / 2 / state.lanes.max(1);
        share.max(WINDOW_MIN)
    }

    /// Notes that a lane leads here.
    pub(crate) fn attach(&self) {
        self.lock().lanes += 1;
    }

    /// Notes that a lane does not lead here any more.
    pub(crate) fn detach(&self) {
        self.lock().lanes -= 1;
    }

    /// Changes where the identity is reached.
    fn reach(self: &Arc<Self>, outbox: Option<Outbox>) {
        self.lock().outbox.clone_from(&outbox);
        self.take_mail(outbox);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All identities that have a session or to which a lane leads.
#[derive(Debug)]
pub(crate) struct Peers {
    all: HashMap<Identity, Arc<Peer>>,
    mail: Option<Mail>,
    /// How many of those that have not settled were looked at since all were.
    looked_at: usize,
}

/// How many mailboxes are looked at in one sweep.
const LOOK: usize = 1024;

impl Peers {
    /// None yet; of those that come, messages are kept in `mail`.
    pub(crate) fn new(mail: Option<Mail>) -> Self {
        Self {
            all: HashMap::new(),
            mail,
            looked_at: 0,
        }
    }

    /// The one of an identity.
    pub(crate) fn of(&mut self, identity: Identity) -> Arc<Peer> {
        let new = || Arc::new(Peer::new(identity, self.mail.clone()));
        self.all.entry(identity).or_insert_with(new).clone()
    }

    /// Changes where an identity is reached.
    pub(crate) fn reach(&mut self, identity: Identity, outbox: Option<Outbox>) {
        if outbox.is_some() || self.all.contains_key(&identity) {
            self.of(identity).reach(outbox);
        }
    }

    /// Forgets the identities that have no session, to which no lane leads, and that have settled
    /// all they got. Has it looked whether some of the others have nothing left to settle.
    pub(crate) fn sweep(&mut self) {
        self.all.retain(|_, peer| {
            Arc::strong_count(peer) > 1 || peer.outbox().is_some() || !peer.mailbox.is_settled()
        });
        let Some(mail) = &self.mail else {
            return;
        };
        let away = self.all.values().filter(|peer| peer.outbox().is_none());
        let away = away.filter(|peer| !peer.mailbox.is_settled());
        let some: Vec<_> = away.skip(self.looked_at).take(LOOK).cloned().collect();
        self.looked_at = match some.len() {
            LOOK => self.looked_at + LOOK,
            _ => 0,
        };
        if !some.is_empty() {
            mail.settle(some);
        }
    }
}

#[cfg(test)]
mod tests;
