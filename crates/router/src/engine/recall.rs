//! Reaching those for whom messages are kept.

use std::{collections::BTreeMap, time::Duration};

use tuyau_wire::Identity;

use super::{Action, Engine, dial::Waiting};
use crate::Timestamp;

/// How long after a failure an identity is dialled again, at first; each time it is twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// How long at most.
const LONGEST: Duration = Duration::from_secs(300);

/// Who may have messages that are kept and could not be reached, or went away, and when it is tried
/// again.
#[derive(Debug, Default)]
pub(super) struct Away {
    all: BTreeMap<Identity, Retry>,
}

#[derive(Clone, Copy, Debug)]
struct Retry {
    state: State,
    /// How long it is waited before the next try.
    pause: Duration,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// It has a session, since this moment as far as is known.
    There(Option<Timestamp>),
    /// Its session has ended since the last tick.
    Gone,
    /// It is tried again then.
    Waits {
        at: Timestamp,
        /// Whether it was asked whether there are messages still.
        asked: bool,
    },
}

impl Away {
    /// It can be tried at once.
    pub(super) fn forget(&mut self, identity: &Identity) {
        self.all.remove(identity);
    }

    /// It was reached. Whoever goes away again soon is tried later than before.
    pub(super) fn reached(&mut self, identity: &Identity) {
        if let Some(retry) = self.all.get_mut(identity)
            && !matches!(retry.state, State::There(_))
        {
            retry.state = State::There(None);
        }
    }

    /// It has no session any more.
    pub(super) fn left(&mut self, identity: Identity) {
        let state = State::Gone;
        let first = Retry {
            state,
            pause: FIRST,
        };
        let retry = self.all.entry(identity);
        retry
            .and_modify(|retry| {
                if let State::There(_) = retry.state {
                    let pause = longer(retry.pause);
                    *retry = Retry { state, pause };
                }
            })
            .or_insert(first);
    }

    /// It could not be reached.
    fn failed(&mut self, identity: Identity, now: Timestamp) {
        let pause = match self.all.get(&identity) {
            Some(retry) if matches!(retry.state, State::Gone) => retry.pause,
            Some(retry) => longer(retry.pause),
            None => FIRST,
        };
        let state = State::waits(now, pause);
        self.all.insert(identity, Retry { state, pause });
    }

    /// Whether it is to be tried now, which will be for messages that there are.
    fn try_now(&mut self, identity: &Identity, now: Timestamp) -> bool {
        let state = self.all.get_mut(identity).map(|retry| &mut retry.state);
        match state {
            Some(State::Waits { at, asked }) => {
                *asked = false;
                *at <= now
            }
            Some(State::Gone) => false,
            Some(State::There(_)) | None => true,
        }
    }

    /// Time has passed; gives those of whom it is to be asked whether they have messages. Of whom
    /// nothing is heard till the next time, there are none.
    fn due(&mut self, now: Timestamp) -> Vec<Identity> {
        let mut due = Vec::new();
        self.all.retain(|identity, retry| match &mut retry.state {
            State::There(Some(since)) => now.since(*since) < LONGEST,
            State::There(since) => {
                *since = Some(now);
                true
            }
            State::Gone => {
                retry.state = State::waits(now, retry.pause);
                true
            }
            State::Waits { at, asked } if *at <= now => {
                let before = std::mem::replace(asked, true);
                if !before {
                    due.push(*identity);
                }
                !before
            }
            State::Waits { .. } => true,
        });
        due
    }
}

impl State {
    fn waits(now: Timestamp, pause: Duration) -> Self {
        let (at, asked) = (now + pause, false);
        Self::Waits { at, asked }
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST)
}

impl Engine {
    /// An identity has messages and no session, as far as is known: it is dialled if it has a route.
    pub(crate) fn want(&mut self, identity: Identity, now: Timestamp) {
        let there = self.session_for(&identity).is_some();
        let dials = !there && self.state.table.get(&identity).is_some();
        if dials && self.away.try_now(&identity, now) {
            self.dial(identity, Waiting::Mail, now);
        }
    }

    /// An identity that has messages could not be dialled.
    pub(super) fn try_again_later(&mut self, identity: Identity, now: Timestamp) {
        self.away.failed(identity, now);
    }

    /// Has it looked whether those whose time has come have messages still.
    pub(super) fn recall_those_away(&mut self, now: Timestamp) {
        for identity in self.away.due(now) {
            self.actions.push(Action::Recall { identity });
        }
    }
}
