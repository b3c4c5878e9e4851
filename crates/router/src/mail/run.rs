//! Storing what was sent on one handle, and what comes of it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tuyau_wire::{
    Level, RejectCode,
    fast::{self, Kind, Parts},
};

use super::{
    Mail,
    sources::{self, Key},
};
use crate::{
    Timestamp,
    journal::Event,
    lane::{Destination, Lane},
    outbox::{Batch, Outbox, Run, Shared},
    peer::{Kept, Peer},
    store::{Appended, Directory, Full, Held, Id, Message, Recipients, Spool, StoreError},
};

/// A message that is to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) sequence: u64,
    pub(crate) body: Arc<[u8]>,
}

/// What each message takes in the store's queue beside its body, in bytes.
const OVERHEAD: usize = 128;

/// Why a message is refused that the store does not take.
const FAILED: &str = "the router's store has failed; tell whoever runs it, and send again later";

/// Why a message is refused whose number is too old.
const STALE: &str = "the number is below those that the router recognises of this epoch; begin a \
    new epoch, and send again with a new number";

/// What became of a run.
struct Outcome {
    lane: Arc<Lane>,
    /// For whom it was.
    recipients: Arc<[Arc<Peer>]>,
    /// How long it is kept, in milliseconds.
    ttl: u64,
    messages: Vec<(Outgoing, Fate)>,
    /// The numbers of those whose delivery is waited for.
    waiting: Vec<u64>,
}

/// What became of a message.
enum Fate {
    Stored {
        position: u64,
        /// For whom there was no room.
        refused: Vec<(Id, Full)>,
    },
    /// It came before.
    Duplicate(Option<Held>),
    Refused(RejectCode, &'static str),
    Failed(StoreError),
}

impl Fate {
    /// Where a message for so many recipients is, and in how many mailboxes.
    fn held(&self, recipients: usize) -> Option<(u64, u64)> {
        match self {
            Self::Stored { position, refused } => {
                let left = recipients - refused.len();
                (left > 0).then_some((*position, left as u64))
            }
            Self::Duplicate(held) => held.map(|held| (held.position, held.mailboxes)),
            Self::Refused(..) | Self::Failed(_) => None,
        }
    }
}

impl Mail {
    /// Stores what was sent on a handle; gives it back when there is no room for it among what waits
    /// for the disk. `cost` is what it costs its sender, in bytes.
    pub(crate) fn keep(
        &self,
        lane: &Arc<Lane>,
        messages: Vec<Outgoing>,
        cost: u64,
    ) -> Result<(), Vec<Outgoing>> {
        let bytes: usize = messages.iter().map(|it| it.body.len() + OVERHEAD).sum();
        let Some(room) = self.store().try_reserve(bytes) else {
            return Err(messages);
        };
        let (mail, keeper, from) = (self.clone(), self.clone(), lane.clone());
        let numbers: Vec<_> = messages.iter().map(|it| it.sequence).collect();
        let lane = lane.clone();
        // Those that wait for their recipients: what they wait for may come before the disk has them.
        let waits = Arc::new(OnceLock::new());
        let waiting = waits.clone();
        let append = move |spool: &mut dyn Spool, _: &mut dyn Directory, now| {
            let outcome = keeper.append(spool, lane, messages, now);
            let _ = waits.set(outcome.waiting.clone());
            outcome
        };
        let answer = move |outcome: Result<Outcome, StoreError>| {
            match outcome {
                Ok(outcome) => mail.stored(outcome),
                Err(error) => {
                    mail.failed(&error);
                    let waiting = waiting.get().map_or(&[][..], Vec::as_slice);
                    let given_up = mail.receipts().give_up(&from, &numbers);
                    for number in numbers {
                        let told = waiting.contains(&number) && !given_up.contains(&number);
                        if !told {
                            from.reject(number, RejectCode::Internal, FAILED);
                        }
                    }
                }
            }
            from.give_back(cost);
        };
        self.asked(self.store().write(room, append, answer));
        Ok(())
    }

    /// Stores a run. It is decided here for whom: so nobody gets what was published before it joined, or
    /// after it left.
    fn append(
        &self,
        spool: &mut dyn Spool,
        lane: Arc<Lane>,
        messages: Vec<Outgoing>,
        now: Timestamp,
    ) -> Outcome {
        let (recipients, group) = match &lane.to {
            Destination::Peer(peer) => (Arc::from([peer.clone()]), None),
            Destination::Group(group) => {
                let keepers = group.keepers(&lane.from);
                (keepers, Some(Id::from(group.identity)))
            }
            Destination::Router | Destination::Mailboxes => (Arc::from([]), None),
        };
        let to = match &recipients[..] {
            [one] => Recipients::One(one.identity.into()),
            many => Recipients::Many(many.iter().map(|it| it.identity.into()).collect()),
        };
        let ttl_max = self.inner.ttl_max;
        let ttl = match lane.ttl {
            0 => ttl_max,
            ttl => ttl.min(ttl_max),
        };
        let mut waiting = Vec::new();
        let messages = messages.into_iter().map(|message| {
            // Of what is for nobody only the number is kept, by which it is recognised.
            let body = match recipients.is_empty() {
                true => Arc::from([]),
                false => message.body.clone(),
            };
            let stored = Message {
                recipients: to.clone(),
                group,
                sender: lane.from.into(),
                epoch: lane.epoch,
                sequence: message.sequence,
                expires: now + Duration::from_millis(ttl),
                body,
            };
            let fate = spool.append(&stored, now).map_or_else(Fate::Failed, fate);
            if let Some((position, left)) = fate.held(recipients.len()) {
                waiting.push((position, message.sequence, left));
            }
            (message, fate)
        });
        let messages = messages.collect();
        // At once: an acknowledgement, or the end of a membership, may be next.
        if lane.level != Level::Delivered {
            waiting.clear();
        } else if !waiting.is_empty() {
            self.receipts().wait(&lane, &waiting);
        }
        Outcome {
            waiting: waiting.into_iter().map(|(_, number, _)| number).collect(),
            lane,
            recipients,
            ttl,
            messages,
        }
    }

    /// A run is on the disk: its sender is told, and its recipients get it.
    fn stored(&self, outcome: Outcome) {
        let Outcome {
            lane,
            recipients,
            ttl,
            messages,
            ..
        } = outcome;
        let (mut done, mut new, mut bytes) = (Vec::new(), Vec::new(), 0);
        for (message, fate) in messages {
            let sequence = message.sequence;
            match &fate {
                Fate::Stored { .. } | Fate::Duplicate(_) => {}
                Fate::Refused(code, text) => {
                    lane.reject(sequence, *code, text);
                    continue;
                }
                Fate::Failed(error) => {
                    self.failed(error);
                    lane.reject(sequence, RejectCode::Internal, FAILED);
                    continue;
                }
            }
            let waits = lane.level == Level::Delivered && fate.held(recipients.len()).is_some();
            if !waits {
                done.push(sequence);
            }
            if !matches!(fate, Fate::Duplicate(_)) {
                bytes += message.body.len() as u64;
                new.push((message, fate));
            }
        }
        if lane.level != Level::None {
            lane.receipts(lane.level, &done);
        }
        if !new.is_empty() {
            self.hand_out(&lane, &recipients, ttl, &new);
            self.inner.plane.stored(&lane, new.len() as u64, bytes);
        }
    }

    /// Hands what was stored to those who have a session.
    fn hand_out(
        &self,
        lane: &Arc<Lane>,
        recipients: &[Arc<Peer>],
        ttl: u64,
        new: &[(Outgoing, Fate)],
    ) {
        let key = Key {
            sender: lane.from.into(),
            epoch: lane.epoch,
            group: lane.group().map(Id::from),
            ttl: sources::bound(ttl, self.inner.ttl_max),
        };
        let Some(source) = self.sources().of(key) else {
            return;
        };
        let mut refusals = Vec::new();
        let mut kept = Vec::with_capacity(new.len());
        for (message, fate) in new {
            let Fate::Stored { position, refused } = fate else {
                continue;
            };
            refusals.extend(refused.iter().map(|(id, _)| (*id, *position)));
            kept.push(Kept {
                position: *position,
                source: source.clone(),
                sequence: message.sequence,
                recovered: false,
                body: message.body.clone(),
            });
        }
        for peer in recipients {
            let id = Id::from(peer.identity);
            let refused = |at: u64| refusals.contains(&(id, at));
            if refusals.iter().any(|(of, _)| *of == id) {
                let own = kept.iter().filter(|it| !refused(it.position));
                let own: Vec<_> = own.cloned().collect();
                self.tell_full(peer, kept.len() - own.len());
                peer.arrived(&own);
            } else {
                peer.arrived(&kept);
            }
        }
        if let Destination::Group(group) = &lane.to {
            let sender = lane.sent_by();
            let others = group.guests().into_iter();
            let others: Vec<_> = others.filter(|it| Some(it.session()) != sender).collect();
            if !others.is_empty() {
                publish(lane, &others, new);
            }
        }
    }

    /// Tells whoever watches that a member of a group does not get some messages.
    fn tell_full(&self, peer: &Peer, messages: usize) {
        self.inner.plane.tell(Event::Dropped {
            identity: peer.identity,
            messages: messages as u64,
            reason: "its mailbox, or the store, has no room",
        });
    }
}

fn fate(appended: Appended) -> Fate {
    match appended {
        Appended::Stored { position, refused } => Fate::Stored { position, refused },
        Appended::Duplicate { held } => Fate::Duplicate(held),
        Appended::Stale => Fate::Refused(RejectCode::StaleSequence, STALE),
        Appended::Full(full) => Fate::Refused(RejectCode::MailboxFull, no_room(full)),
    }
}

/// Why there is no room, and what to do.
fn no_room(full: Full) -> &'static str {
    match full {
        Full::MailboxMessages => {
            "as many messages as may be are kept for the recipient (limits.mailbox_messages); send \
             again when it has taken some"
        }
        Full::MailboxBytes => {
            "as many bytes as may be are kept for the recipient (limits.mailbox_bytes); send again \
             when it has taken some"
        }
        Full::Messages => {
            "as many messages as may be are kept by the router (limits.store_messages); send again \
             later"
        }
        Full::Bytes => {
            "as many bytes as may be are kept by the router (limits.store_bytes); send again later"
        }
    }
}

/// Queues messages for members of a group who are members for their session: they get them as fast
/// ones.
fn publish(lane: &Arc<Lane>, members: &[Outbox], messages: &[(Outgoing, Fate)]) {
    let (mut frames, mut longest) = (Vec::new(), 0);
    for (message, _) in messages {
        let parts = Parts {
            kind: Kind::Deliver,
            handle: lane.number(),
            sequence: message.sequence,
            body: &message.body,
        };
        longest = longest.max(fast::write(&mut frames, parts));
    }
    let (Some((first, _)), Some((last, _))) = (messages.first(), messages.last()) else {
        return;
    };
    let batch = Batch {
        frames: &frames,
        longest,
        first: first.sequence,
        last: last.sequence,
    };
    let shared = Shared::new(lane.clone(), 0);
    for member in members {
        if let Some(mut delivery) = member.deliver(lane) {
            delivery.push_shared(&batch, &shared);
        }
    }
    Run::Shared(shared).settle();
}
