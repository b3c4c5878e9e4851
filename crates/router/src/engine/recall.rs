//! Reaching those for whom messages are kept.

use std::{collections::BTreeMap, time::Duration};

use tuyau_wire::Identity;

use super::{Action, Engine, dial::Waiting};
use crate::Timestamp;

/// How long after a failure an identity is dialled again, at first; each time it is twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// How long at most.
const LONGEST: Duration = Duration::from_secs(300);

/// Who has messages that are kept and could not be reached, and when it is tried again.
#[derive(Debug, Default)]
pub(super) struct Away {
    all: BTreeMap<Identity, Retry>,
}

#[derive(Clone, Copy, Debug)]
struct Retry {
    at: Timestamp,
    pause: Duration,
    /// Whether it was asked whether there are messages still.
    asked: bool,
}

impl Away {
    /// It was reached.
    pub(super) fn forget(&mut self, identity: &Identity) {
        self.all.remove(identity);
    }
}

impl Engine {
    /// An identity has messages and no session, as far as is known: it is dialled if it has a route.
    pub(crate) fn want(&mut self, identity: Identity, now: Timestamp) {
        if self.session_for(&identity).is_some() || self.state.table.get(&identity).is_none() {
            return;
        }
        match self.away.all.get_mut(&identity) {
            Some(retry) if retry.at > now => return,
            Some(retry) => retry.asked = false,
            None => {}
        }
        self.dial(identity, Waiting::Mail, now);
    }

    /// An identity that has messages could not be dialled.
    pub(super) fn try_again_later(&mut self, identity: Identity, now: Timestamp) {
        let before = self.away.all.get(&identity);
        let pause = before.map_or(FIRST, |retry| (retry.pause * 2).min(LONGEST));
        let retry = Retry {
            at: now + pause,
            pause,
            asked: false,
        };
        self.away.all.insert(identity, retry);
    }

    /// Has it looked whether those whose time has come have messages still. Of whom nothing is heard
    /// till the next time, there are none.
    pub(super) fn recall_those_away(&mut self, now: Timestamp) {
        let due = |retry: &Retry| retry.at <= now;
        let settled = |_: &Identity, retry: &mut Retry| due(retry) && retry.asked;
        self.away.all.extract_if(.., settled).for_each(drop);
        for (identity, retry) in &mut self.away.all {
            if due(retry) {
                retry.asked = true;
                let identity = *identity;
                self.actions.push(Action::Recall { identity });
            }
        }
    }
}
