//! Where messages go: lanes, and what they lead to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::time::Instant;
use tuyau_wire::{Announcement, Class, Identity, Level, RejectCode, Target};

use crate::{
    Limits, Timestamp,
    engine::{self, SessionId, Ticket},
    group::Groups,
    journal::Event,
    lane::{Destination, Lane, Open, Plan, UNANSWERED},
    mail::{Asker, Mail, Member},
    numbers::Numbers,
    outbox::{Outbox, Refusal},
    peer::Peers,
    plane::Plane,
    store::StoreHandle,
};

/// Lanes by who bound them, and where they lead.
#[derive(Debug)]
pub(super) struct Traffic {
    identity: Identity,
    plane: Plane,
    credit: u64,
    numbers: Numbers,
    peers: Peers,
    groups: Groups,
    mail: Option<Mail>,
    lanes: BTreeMap<Key, Bound>,
    /// What the router itself says, and its last sequence number.
    own: Arc<Lane>,
    sequence: u64,
}

/// A session, and the number of a binding of it.
type Key = (SessionId, u64);

/// A lane, and what keeps it.
#[derive(Debug)]
struct Bound {
    lane: Arc<Lane>,
    /// Whether a handle leads to it.
    has_handle: bool,
    /// How many messages the engine keeps for it until their recipient can be reached.
    waiting: usize,
}

impl Bound {
    /// Whether something can still come of it.
    fn is_needed(&self) -> bool {
        self.has_handle || self.waiting > 0 || self.lane.has_open()
    }
}

impl Ticket {
    fn key(&self) -> Key {
        (self.session, self.binding)
    }
}

impl Traffic {
    pub(super) fn new(
        identity: Identity,
        plane: Plane,
        limits: &Limits,
        store: Option<StoreHandle>,
    ) -> Self {
        let credit = limits.credit_bytes;
        let numbers = Numbers::default();
        let ttl_max = u64::try_from(limits.ttl_max.as_millis()).unwrap_or(u64::MAX);
        let mail = |store| Mail::new(store, plane.clone(), numbers.clone(), ttl_max);
        let mail = store.map(mail);
        let announcement = Announcement {
            identity,
            epoch: plane.now().millis(),
            group: None,
            class: Class::Fast,
            acknowledge: false,
            ttl: 0,
        };
        let plan = Plan {
            announcement,
            sender: None,
            to: Destination::Router,
            level: Level::None,
            credit,
            mail: None,
        };
        let own = Arc::new(Lane::new(numbers.take(), plan));
        Self {
            identity,
            plane,
            credit,
            numbers,
            peers: Peers::new(mail.clone()),
            groups: Groups::new(limits.queue_bytes),
            mail,
            lanes: BTreeMap::new(),
            own,
            sequence: 0,
        }
    }

    /// Changes where an identity is reached.
    pub(super) fn reach(&mut self, identity: Identity, outbox: Option<Outbox>) {
        self.peers.reach(identity, outbox);
    }

    /// Makes the lane of a handle.
    pub(super) fn bind(
        &mut self,
        outbox: &Outbox,
        handle: u64,
        bound: &engine::Bound,
        announcement: Announcement,
    ) {
        let to = match &bound.to {
            Target::Identity(identity) if *identity == self.identity => Destination::Router,
            Target::Identity(identity) => {
                let peer = self.peers.of(*identity);
                peer.attach();
                Destination::Peer(peer)
            }
            Target::Group { group, .. } => Destination::Group(self.groups.of(*group)),
            _ => return,
        };
        let is_durable = announcement.class == Class::Durable;
        let plan = Plan {
            announcement,
            sender: Some((handle, outbox.clone())),
            to,
            level: bound.level,
            credit: self.credit,
            mail: self.mail.clone().filter(|_| is_durable),
        };
        let lane = Arc::new(Lane::new(self.numbers.take(), plan));
        let entry = Bound {
            lane: lane.clone(),
            has_handle: true,
            waiting: 0,
        };
        self.lanes.insert((outbox.session(), bound.number), entry);
        outbox.bind(handle, Some(lane));
    }

    /// A handle leads nowhere any more. Its lane stays until all that was sent along it is
    /// delivered or refused, and answered where an answer is waited for.
    pub(super) fn unbind(&mut self, key: Key, outbox: Option<&Outbox>, handle: u64) {
        let Some(bound) = self.lanes.get_mut(&key) else {
            return;
        };
        bound.has_handle = false;
        bound.lane.part();
        if let Destination::Peer(peer) = &bound.lane.to {
            peer.detach();
        }
        match outbox {
            Some(outbox) => {
                outbox.bind(handle, None);
                self.sweep_one(&key);
            }
            // Its session has ended: nobody waits for what comes of its messages.
            None => self.remove(&key),
        }
    }

    /// A session has ended: what its handles led to before is needed no more.
    pub(super) fn forget(&mut self, session: SessionId) {
        if let Some(mail) = &self.mail {
            mail.forget(session);
        }
        let lanes = (session, 0)..=(session, u64::MAX);
        let over = self.lanes.extract_if(lanes, |_, bound| !bound.has_handle);
        over.for_each(|(_, bound)| bound.lane.abandon());
    }

    /// A message waits until its recipient can be reached.
    pub(super) fn wait(&mut self, ticket: Ticket) {
        if let Some(bound) = self.lanes.get_mut(&ticket.key()) {
            bound.waiting += 1;
        }
    }

    /// The lane of a message of which something came.
    fn settle(&mut self, ticket: &Ticket) -> Option<Arc<Lane>> {
        let bound = self.lanes.get_mut(&ticket.key())?;
        bound.waiting -= usize::from(ticket.waited);
        Some(bound.lane.clone())
    }

    /// Forgets a lane that nobody needs.
    fn sweep_one(&mut self, key: &Key) {
        if self.lanes.get(key).is_some_and(|bound| !bound.is_needed()) {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(bound) = self.lanes.remove(key) {
            bound.lane.abandon();
            self.tell(&bound.lane);
        }
    }

    pub(super) fn join(&mut self, group: Identity, member: Identity, outbox: &Outbox) {
        self.groups.join(group, member, outbox);
    }

    /// Mailboxes, when messages are kept.
    pub(super) fn mail(&self) -> Option<&Mail> {
        self.mail.as_ref()
    }

    /// Waits until there are identities that have messages and no session, and gives them.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(super) async fn wanted(&self) -> BTreeSet<Identity> {
        match &self.mail {
            Some(mail) => mail.wanted().await,
            None => std::future::pending().await,
        }
    }

    /// An identity was a durable member of a group already when the router was started.
    pub(super) fn remember(&mut self, group: Identity, member: Identity) {
        let peer = self.peers.of(member);
        self.groups.of(group).enlist(&peer);
    }

    /// Makes an identity a durable member of a group.
    pub(super) fn enlist(&mut self, member: &Member, asker: Asker) {
        let (group, peer) = (self.groups.of(member.group), self.peers.of(member.identity));
        if let Some(mail) = &self.mail {
            mail.enlist(group, peer, member.grant.as_ref(), asker);
        }
    }

    /// Ends a durable membership.
    pub(super) fn dismiss(&mut self, group: Identity, member: Identity, asker: Asker) {
        let (group, peer) = (self.groups.of(group), self.peers.of(member));
        if let Some(mail) = &self.mail {
            mail.dismiss(group, peer, asker);
        }
    }

    pub(super) fn leave(&mut self, group: Identity, session: SessionId) {
        self.groups.leave(group, session);
    }

    /// Queues a message that the engine found a session for.
    pub(super) fn deliver(&mut self, outbox: Option<&Outbox>, ticket: Ticket, body: &[u8]) {
        let Some(lane) = self.settle(&ticket) else {
            return;
        };
        let result = outbox.and_then(|outbox| {
            let mut delivery = outbox.deliver(&lane)?;
            let sequence = ticket.sequence;
            let open = lane.is_awaited().then(|| Open {
                recipient: outbox.clone(),
                until: until(&lane, &ticket, self.plane.now()),
            });
            if open.is_some() && !delivery.may_await() {
                return Some(Err(Refusal::Unanswered));
            }
            let pushed = delivery.push(sequence, body, ticket.cost);
            match (open, &pushed) {
                (Some(open), Ok(())) => lane.await_answer(sequence, open),
                (Some(open), Err(_)) => {
                    drop(delivery);
                    open.recipient.answered(1);
                }
                (None, _) => {}
            }
            Some(pushed)
        });
        match result {
            Some(Ok(())) => {
                if lane.level == Level::Accepted {
                    lane.accept(ticket.sequence);
                }
                if let Destination::Peer(peer) = &lane.to {
                    let bytes = body.len() as u64;
                    self.plane.delivered(&lane, peer.identity, 1, bytes);
                }
            }
            Some(Err(Refusal::TooLarge { limit })) => {
                let text = format!("the recipient accepts messages of at most {limit} bytes");
                give_up(&lane, &ticket, RejectCode::TooLarge, &text);
            }
            Some(Err(Refusal::Full)) => {
                let text = "the recipient does not read as fast as messages come; \
                            wait for credit and send again";
                give_up(&lane, &ticket, RejectCode::Congested, text);
            }
            Some(Err(Refusal::Unanswered)) => {
                give_up(&lane, &ticket, RejectCode::Congested, UNANSWERED);
            }
            None => {
                let text = "the recipient's session has just ended; send again";
                give_up(&lane, &ticket, RejectCode::Unreachable, text);
            }
        }
        self.sweep_one(&ticket.key());
    }

    /// The router itself has taken a message.
    pub(super) fn take(&mut self, ticket: Ticket) {
        if let Some(lane) = self.settle(&ticket) {
            lane.give_back(ticket.cost);
            if lane.class == Class::Request {
                let text = "the router replies to no requests";
                lane.reject(ticket.sequence, RejectCode::Unsupported, text);
            } else if lane.level != Level::None {
                lane.accept(ticket.sequence);
            }
            self.plane.count(1);
        }
    }

    /// Refuses a message, of which whoever watches was told, and gives its sender the credit back.
    pub(super) fn refuse(&mut self, ticket: Ticket, code: RejectCode, text: &str) {
        if let Some(lane) = self.settle(&ticket) {
            lane.tell_rejected(ticket.sequence, code, text);
            lane.give_back(ticket.cost);
            self.sweep_one(&ticket.key());
        }
    }

    /// Queues a message of the router itself. One that does not fit is left out.
    pub(super) fn say(&mut self, outbox: &Outbox, body: &[u8]) {
        self.sequence += 1;
        if let Some(mut delivery) = outbox.deliver(&self.own) {
            let _ = delivery.push(self.sequence, body, 0);
        }
    }

    /// Time has passed: requests that have waited too long are refused, and whoever watches is told of
    /// what went along and what was refused.
    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        for Bound { lane, .. } in self.lanes.values() {
            if lane.class == Class::Request {
                lane.expire(now);
            }
            self.tell(lane);
        }
        self.lanes.retain(|_, bound| bound.is_needed());
        if let Some(mail) = &self.mail {
            mail.tick();
        }
        self.peers.sweep();
        self.groups.sweep();
    }

    /// Tells what went along a lane, and what of it was refused, of which nobody was told yet.
    fn tell(&self, lane: &Lane) {
        if let Some(refusal) = lane.take_refusal() {
            self.plane.tell(refusal);
        }
        let (messages, bytes) = lane.take_untold();
        if messages == 0 {
            return;
        }
        let (from, Some(to)) = (lane.from, lane.to.identity()) else {
            return;
        };
        self.plane.tell(match &lane.to {
            _ if lane.class == Class::Durable => Event::Stored {
                from,
                to,
                messages,
                bytes,
            },
            Destination::Group(_) => Event::Published {
                from,
                group: to,
                messages,
                bytes,
            },
            _ => Event::Delivered {
                from,
                to,
                messages,
                bytes,
            },
        });
    }
}

/// Refuses a message, and gives its sender the credit back.
fn give_up(lane: &Lane, ticket: &Ticket, code: RejectCode, text: &str) {
    lane.reject(ticket.sequence, code, text);
    lane.give_back(ticket.cost);
}

/// By when a request is to be answered: its time began when the router took it.
fn until(lane: &Lane, ticket: &Ticket, now: Timestamp) -> Option<Instant> {
    let until = ticket.until.filter(|_| lane.class == Class::Request)?;
    Some(Instant::now() + until.since(now))
}
