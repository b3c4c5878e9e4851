//! Dialling the routes of identities that have no session.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    mem,
};

use tuyau_wire::{Identity, RejectCode};

use super::{Action, Engine, SessionId, Ticket};
use crate::{Timestamp, journal::Event};

/// The number of a dial, never used twice while a router runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DialId(pub(crate) u64);

/// What waits for a dial.
#[derive(Debug)]
pub(super) enum Waiting {
    /// The greeting of a newly registered route.
    Greeting,
    /// Messages that are kept.
    Mail,
    /// A message.
    Message { body: Vec<u8>, ticket: Ticket },
}

impl Waiting {
    /// What it costs while it waits, in bytes.
    fn cost(&self) -> usize {
        match self {
            Self::Greeting | Self::Mail => 0,
            Self::Message { body, .. } => body.len() + size_of::<Self>(),
        }
    }

    fn kind(&self) -> For {
        match self {
            Self::Greeting | Self::Mail => For::Later,
            Self::Message { .. } => For::Message,
        }
    }

    /// Whether it is of no use any more.
    fn is_over(&self, now: Timestamp) -> bool {
        matches!(self, Self::Message { ticket, .. } if ticket.until.is_some_and(|it| it <= now))
    }

    fn is_of(&self, sender: SessionId) -> bool {
        matches!(self, Self::Message { ticket, .. } if ticket.session == sender)
    }
}

/// Dials that are under way, wait, or have failed lately.
#[derive(Debug, Default)]
pub(super) struct Dials {
    last: u64,
    active: BTreeMap<DialId, Dial>,
    by_identity: HashMap<Identity, DialId>,
    running: usize,
    /// How many of the running ones began for that.
    running_later: usize,
    /// Dials for which a message waits, in their order.
    queue: VecDeque<DialId>,
    /// Dials for which nothing waits but what can come later, in their order.
    later: VecDeque<DialId>,
    failed: HashMap<Identity, Timestamp>,
}

#[derive(Debug)]
struct Dial {
    identity: Identity,
    started: Option<For>,
    waiting: Vec<Waiting>,
}

/// What a dial began for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// For something on which nobody waits: a greeting, or messages that are kept.
    Later,
    Message,
}

impl Dial {
    fn has_mail(&self) -> bool {
        self.waiting
            .iter()
            .any(|waiting| matches!(waiting, Waiting::Mail))
    }

    fn greets(&self) -> bool {
        self.waiting
            .iter()
            .any(|waiting| matches!(waiting, Waiting::Greeting))
    }
}

impl Dials {
    pub(super) fn forget_failures(&mut self, now: Timestamp) {
        self.failed.retain(|_, until| *until > now);
    }

    pub(super) fn forget_failure(&mut self, identity: &Identity) {
        self.failed.remove(identity);
    }

    /// The number of the dial of an identity, which is made if there is none.
    fn id_of(&mut self, identity: Identity) -> DialId {
        *self.by_identity.entry(identity).or_insert_with(|| {
            self.last += 1;
            DialId(self.last)
        })
    }

    /// The dial of an identity, made if there is none.
    fn of(&mut self, identity: Identity) -> &mut Dial {
        let id = self.id_of(identity);
        let new = || Dial {
            identity,
            started: None,
            waiting: Vec::new(),
        };
        self.active.entry(id).or_insert_with(new)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.active.is_empty() && self.by_identity.is_empty() && self.running == 0
    }

    /// Drops what waits of a session that has ended. A dial that has not begun and for which nothing
    /// waits any more does not begin.
    pub(super) fn forget_sender(&mut self, sender: SessionId, dials: &BTreeSet<DialId>) {
        for id in dials {
            let Some(dial) = self.active.get_mut(id) else {
                continue;
            };
            dial.waiting.retain(|waiting| !waiting.is_of(sender));
            if dial.waiting.is_empty() && dial.started.is_none() {
                self.end(*id);
            }
        }
    }

    fn end(&mut self, id: DialId) -> Option<Dial> {
        let dial = self.active.remove(&id)?;
        self.by_identity.remove(&dial.identity);
        if dial.started.is_none() {
            self.queue.retain(|waiting| *waiting != id);
        }
        self.running -= usize::from(dial.started.is_some());
        self.running_later -= usize::from(dial.started == Some(For::Later));
        Some(dial)
    }
}

/// For how many recipients that are not connected the messages of one session may wait: a quarter
/// of all dials, so that one peer does not take them all.
fn share(max_dials: usize) -> usize {
    max_dials.div_ceil(4)
}

impl Engine {
    /// Has the newly registered routes of a session's peer greeted.
    pub(super) fn greet_route(&mut self, session: SessionId, now: Timestamp) {
        if self.rules.greeting.is_none() {
            return;
        }
        if let Some(peer) = self.sessions.get(session).map(|session| session.peer) {
            self.dials.failed.remove(&peer);
            self.dial(peer, Waiting::Greeting, now);
        }
    }

    /// Has something wait for a dial of an identity; refuses it when there is no route to dial, or
    /// too much waits already.
    pub(super) fn dial(&mut self, identity: Identity, mut waiting: Waiting, now: Timestamp) {
        if self.state.table.get(&identity).is_none() {
            let text = format!("{identity} is not connected and has registered no route");
            return self.refuse(waiting, RejectCode::Unreachable, &text);
        }
        if self.has_failed_lately(&identity, now) {
            if let Waiting::Mail = waiting {
                return self.try_again_later(identity, now);
            }
            let text = format!("no route of {identity} could be reached a moment ago");
            return self.refuse(waiting, RejectCode::Unreachable, &text);
        }
        match &waiting {
            Waiting::Greeting if self.dials.of(identity).greets() => return,
            Waiting::Mail if self.dials.of(identity).has_mail() => return,
            Waiting::Greeting | Waiting::Mail => {}
            Waiting::Message { ticket, .. } => {
                let (cost, limit) = (waiting.cost(), self.rules.max_waiting_bytes);
                let Some(sender) = self.sessions.get_mut(ticket.session) else {
                    return;
                };
                let id = self.dials.by_identity.get(&identity);
                let waits_already = id.is_some_and(|id| sender.waits_for.contains(id));
                if !waits_already && sender.waits_for.len() >= share(self.rules.max_dials) {
                    let text = format!(
                        "messages of this session wait for {} recipients that are not connected \
                         already; send again later",
                        sender.waits_for.len()
                    );
                    return self.refuse(waiting, RejectCode::Congested, &text);
                }
                // One message of any length can always wait.
                if sender.waiting_bytes > 0 && sender.waiting_bytes + cost > limit {
                    let text = format!(
                        "too many messages of this session wait for recipients that are not \
                         connected, such as {identity}; send again later"
                    );
                    return self.refuse(waiting, RejectCode::Congested, &text);
                }
                sender.waiting_bytes += cost;
                sender.waits_for.insert(self.dials.id_of(identity));
            }
        }
        let id = self.dials.id_of(identity);
        let dial = self.dials.of(identity);
        let first = |kind| !dial.waiting.iter().any(|other| other.kind() == kind);
        let begins = match waiting.kind() {
            _ if dial.started.is_some() => None,
            kind => first(kind).then_some(kind),
        };
        if let Waiting::Message { ticket, .. } = &mut waiting {
            self.actions.push(Action::Wait { ticket: *ticket });
            ticket.waited = true;
        }
        dial.waiting.push(waiting);
        match begins {
            Some(For::Later) => self.dials.later.push_back(id),
            Some(For::Message) => self.dials.queue.push_back(id),
            None => {}
        }
        self.start_dials();
    }

    fn has_failed_lately(&self, identity: &Identity, now: Timestamp) -> bool {
        let until = self.dials.failed.get(identity);
        until.is_some_and(|until| *until > now)
    }

    /// Starts dials while there may be more: those for messages first, those for greetings and for
    /// what is kept in half of the places, so that routes that do not answer keep no message waiting.
    fn start_dials(&mut self) {
        while self.dials.running < self.rules.max_dials {
            let may_more = self.dials.running_later < self.rules.max_dials.div_ceil(2);
            let (id, kind) = match self.dials.queue.pop_front() {
                Some(id) => (id, For::Message),
                None if may_more => match self.dials.later.pop_front() {
                    Some(id) => (id, For::Later),
                    None => return,
                },
                None => return,
            };
            let waits = |dial: &&mut Dial| dial.started.is_none();
            let Some(dial) = self.dials.active.get_mut(&id).filter(waits) else {
                continue;
            };
            dial.started = Some(kind);
            self.dials.running += 1;
            self.dials.running_later += usize::from(kind == For::Later);
            let identity = dial.identity;
            let row = self.state.table.get(&identity);
            let routes = row.map(|row| row.routes.to_vec()).unwrap_or_default();
            self.actions.push(Action::Dial {
                id,
                identity,
                routes,
            });
        }
    }

    /// Takes a dial out, and gives the senders of what waits for it their budget back.
    fn end_dial(&mut self, id: DialId) -> Option<Dial> {
        let dial = self.dials.end(id)?;
        for waiting in &dial.waiting {
            self.give_back(id, waiting);
        }
        Some(dial)
    }

    /// Gives the sender of what waited for a dial its budget back.
    fn give_back(&mut self, id: DialId, waiting: &Waiting) {
        if let Waiting::Message { ticket, .. } = waiting
            && let Some(sender) = self.sessions.get_mut(ticket.session)
        {
            sender.waiting_bytes = sender.waiting_bytes.saturating_sub(waiting.cost());
            let dial = self.dials.active.get(&id);
            let others =
                dial.is_some_and(|it| it.waiting.iter().any(|it| it.is_of(ticket.session)));
            if !others {
                sender.waits_for.remove(&id);
            }
        }
    }

    /// Refuses what has waited too long. A dial that has not begun, and for which nothing waits any
    /// more, does not begin.
    pub(super) fn expire_waiting(&mut self, now: Timestamp) {
        let mut over = Vec::new();
        for (id, dial) in &mut self.dials.active {
            let waiting = dial.waiting.extract_if(.., |waiting| waiting.is_over(now));
            over.extend(waiting.map(|waiting| (*id, waiting)));
        }
        for (id, waiting) in over {
            self.give_back(id, &waiting);
            let dial = self.dials.active.get(&id);
            if dial.is_some_and(|dial| dial.waiting.is_empty() && dial.started.is_none()) {
                self.dials.end(id);
            }
            let text = "its time was over before the recipient could be reached";
            self.refuse(waiting, RejectCode::TimedOut, text);
        }
    }

    /// A dialled session has come as far as hello: what waited for it is sent.
    pub(super) fn dialled(&mut self, id: DialId, session: SessionId) {
        let Some(dial) = self.end_dial(id) else {
            return;
        };
        self.dials.failed.remove(&dial.identity);
        for waiting in dial.waiting {
            self.hand_over_one(session, waiting);
        }
        self.start_dials();
    }

    /// An identity has connected by itself: the messages that wait for a dial of it are sent. A
    /// greeting goes on waiting, because it is about the route.
    pub(super) fn hand_over_waiting(&mut self, identity: Identity, session: SessionId) {
        self.dials.failed.remove(&identity);
        let Some(&id) = self.dials.by_identity.get(&identity) else {
            return;
        };
        let Some(dial) = self.dials.active.get_mut(&id) else {
            return;
        };
        let all = mem::take(&mut dial.waiting).into_iter();
        let (greetings, messages) = all.partition(|waiting| matches!(waiting, Waiting::Greeting));
        dial.waiting = greetings;
        let messages: Vec<_> = messages;
        if dial.waiting.is_empty() && dial.started.is_none() {
            self.dials.end(id);
        }
        for waiting in messages {
            self.give_back(id, &waiting);
            self.hand_over_one(session, waiting);
        }
    }

    fn hand_over_one(&mut self, session: SessionId, waiting: Waiting) {
        match waiting {
            Waiting::Greeting => self.greet(session),
            // The session gets it because it takes what comes for the identity.
            Waiting::Mail => {}
            Waiting::Message { body, ticket } => self.hand_over(session, ticket, body),
        }
    }

    fn greet(&mut self, session: SessionId) {
        let (Some(text), Some(state)) = (self.rules.greeting.clone(), self.sessions.get(session))
        else {
            return;
        };
        let (identity, place) = (state.peer, state.link.to_string());
        let body = text.as_bytes().to_vec();
        self.actions.push(Action::Say { session, body });
        self.tell(Event::Greeted {
            identity,
            place,
            text,
        });
    }

    /// No route could be reached, or the session ended before its hello.
    pub(crate) fn dial_failed(&mut self, id: DialId, reason: &str, now: Timestamp) {
        let Some(dial) = self.end_dial(id) else {
            return;
        };
        let identity = dial.identity;
        self.dials.failed.insert(identity, now + self.rules.retry);
        self.tell(Event::Unreachable {
            identity,
            reason: reason.to_owned(),
        });
        let text = format!("no route of {identity} could be reached");
        for waiting in dial.waiting {
            match waiting {
                Waiting::Mail => self.try_again_later(identity, now),
                waiting => self.refuse(waiting, RejectCode::Unreachable, &text),
            }
        }
        self.start_dials();
    }

    fn refuse(&mut self, waiting: Waiting, code: RejectCode, text: &str) {
        if let Waiting::Message { ticket, .. } = waiting {
            self.refuse_message(ticket, code, text);
        }
    }
}
