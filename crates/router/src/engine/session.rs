//! The sessions that the engine knows.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    time::Duration,
};

use tuyau_core::{Address, Origin};
use tuyau_wire::Identity;

use super::{
    DialId,
    bind::{Bound, Reason},
    group::Membership,
};
use crate::Timestamp;

/// The number of a session, never used twice while a router runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionId(pub(crate) u64);

/// How a session came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The peer connected.
    Accepted { origin: Origin },
    /// The router dialled a route of the peer.
    Dialled { dial: DialId, route: Address },
    /// A simulated service of the demo: no connection, no hello.
    Simulated,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { origin } => origin.fmt(f),
            Self::Dialled { route, .. } => route.fmt(f),
            Self::Simulated => f.write_str("the demo"),
        }
    }
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) peer: Identity,
    pub(super) link: Link,
    /// Whether the peer has said hello.
    pub(super) greeted: bool,
    /// Whether the session is about to be closed and the peer is no longer heard.
    pub(super) silenced: bool,
    /// The number of the last registration in this session, if there is one.
    pub(super) registered: Option<u64>,
    /// Whether its route is to be greeted, once its registration is kept.
    pub(super) to_greet: bool,
    pub(super) last_sequence: Option<u64>,
    pub(super) last_heard: Timestamp,
    /// The dials for which messages of this session wait, and the bytes of these messages.
    pub(super) waits_for: BTreeSet<DialId>,
    pub(super) waiting_bytes: usize,
    /// What the peer said of itself.
    pub(super) said: Peer,
    /// What its handles lead to.
    pub(super) bound: BTreeMap<u64, Bound>,
    /// Handles that were bound until the right to what they led to ended, and why it did.
    pub(super) revoked: BTreeMap<u64, Reason>,
    /// The groups that it is in.
    pub(super) groups: BTreeMap<Identity, Membership>,
}

/// What a peer said of itself in its hello.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peer {
    /// The epoch of its sequence numbers.
    pub(super) epoch: u64,
    /// Whether messages for its identity may come over this session.
    pub(super) receives: bool,
    /// Whether both sides know durable messages.
    pub(super) durable: bool,
    /// Whether both sides can do lookups.
    pub(super) lookup: bool,
}

/// All sessions, by number and by identity.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: BTreeMap<SessionId, Session>,
    /// Sessions that said hello and receive.
    by_identity: HashMap<Identity, BTreeSet<SessionId>>,
    dialled: BTreeSet<SessionId>,
}

impl Sessions {
    pub(super) fn open(&mut self, id: SessionId, peer: Identity, link: Link, now: Timestamp) {
        let greeted = matches!(link, Link::Simulated);
        if matches!(link, Link::Dialled { .. }) {
            self.dialled.insert(id);
        }
        let session = Session {
            peer,
            link,
            greeted,
            silenced: false,
            registered: None,
            to_greet: false,
            last_sequence: None,
            last_heard: now,
            waits_for: BTreeSet::new(),
            waiting_bytes: 0,
            said: Peer::default(),
            bound: BTreeMap::new(),
            revoked: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        self.all.insert(id, session);
    }

    /// Notes that the peer has said hello.
    pub(super) fn greet(&mut self, id: SessionId, said: Peer) -> Option<&Session> {
        let session = self.all.get_mut(&id)?;
        session.greeted = true;
        session.said = said;
        if said.receives {
            self.by_identity.entry(session.peer).or_default().insert(id);
        }
        Some(session)
    }

    /// Leaves a session that is about to be closed out of everything but its end.
    pub(super) fn silence(&mut self, id: SessionId) {
        self.dialled.remove(&id);
        let Some(session) = self.all.get_mut(&id) else {
            return;
        };
        session.silenced = true;
        if let Some(sessions) = self.by_identity.get_mut(&session.peer) {
            sessions.remove(&id);
            if sessions.is_empty() {
                self.by_identity.remove(&session.peer);
            }
        }
    }

    pub(super) fn close(&mut self, id: SessionId) -> Option<Session> {
        self.silence(id);
        self.all.remove(&id)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.all.get_mut(&id)
    }

    pub(super) fn is_greeted(&self, id: SessionId) -> bool {
        self.get(id).is_some_and(|session| session.greeted)
    }

    /// The sessions of an identity that said hello and receive, the newest first.
    pub(super) fn of(&self, identity: &Identity) -> impl Iterator<Item = (SessionId, &Session)> {
        let ids = self.by_identity.get(identity).into_iter().flatten().rev();
        ids.filter_map(|id| Some((*id, self.all.get(id)?)))
    }

    /// Every session that has said hello.
    pub(super) fn greeted(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        let greeted = self.all.iter().filter(|(_, session)| session.greeted);
        greeted.map(|(id, session)| (*id, session))
    }

    /// The sessions that the router dialled.
    pub(super) fn dialled(&self) -> impl Iterator<Item = SessionId> {
        self.dialled.iter().copied()
    }

    /// The sessions that the router dialled and on which nothing came for `idle`.
    pub(super) fn idle(&self, now: Timestamp, idle: Duration) -> Vec<SessionId> {
        let is_idle = |id: &&SessionId| {
            self.get(**id)
                .is_some_and(|session| now.since(session.last_heard) >= idle)
        };
        self.dialled.iter().filter(is_idle).copied().collect()
    }
}
