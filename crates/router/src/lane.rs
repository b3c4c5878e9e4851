//! Lanes: what a bound handle leads to.
//!
//! A lane is made once, when a sender binds a handle, and says all that is the same for the
//! messages that follow: who sends, whereto, how. The sender's task delivers along it without asking
//! anybody.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::time::Instant;
use tuyau_wire::{
    Announcement, Class, Identity, Level, Message, RejectCode,
    fast::{Kind, Prefix},
};

use crate::{
    engine::SessionId, group::Group, journal::Event, mail::Mail, numbers::Number, outbox::Outbox,
    peer::Peer,
};

/// What a bound handle leads to.
pub(crate) struct Lane {
    /// The router's handle for it, the same for every recipient.
    number: Number,
    /// How what goes along it begins where it is delivered.
    pub(crate) prefix: Option<Prefix>,
    /// The frame that tells a recipient what the number stands for.
    announce: Box<[u8]>,
    /// Whose messages it carries.
    pub(crate) from: Identity,
    /// The epoch of its numbers.
    pub(crate) epoch: u64,
    /// The sender's handle, and the way back to it; none for what the router itself says.
    sender: Option<(u64, Outbox)>,
    pub(crate) to: Destination,
    pub(crate) class: Class,
    pub(crate) level: Level,
    /// How long a message is of use, in milliseconds; for a request always set.
    pub(crate) ttl: u64,
    /// Where its messages are stored, when they are durable.
    pub(crate) mail: Option<Mail>,
    /// Whether the sender's handle leads elsewhere by now.
    parted: AtomicBool,
    /// What it could send at first.
    credit: u64,
    /// What the sender may send in all, in bytes of messages.
    limit: AtomicU64,
    /// What of it the recipient has taken, or was refused.
    returned: AtomicU64,
    /// Whether somebody was told lately that something went along it.
    told: AtomicBool,
    /// Messages and bytes of which nobody was told yet.
    messages: AtomicU64,
    bytes: AtomicU64,
    /// Messages that the recipient has not answered or acknowledged.
    open: Mutex<BTreeMap<u64, Open>>,
    /// The first refusal of which nobody was told yet who watches.
    refusal: Mutex<Option<Event>>,
}

/// Why a message is refused whose recipient owes too many answers.
pub(crate) const UNANSWERED: &str = "the recipient has not acknowledged or answered as many \
    messages as it allows to wait for that; send again later";

/// A message that its recipient has not answered or acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// The queue of the session that got it.
    pub(crate) recipient: Outbox,
    /// By when the answer must be there.
    pub(crate) until: Option<Instant>,
}

/// Whereto a lane leads.
#[derive(Debug)]
pub(crate) enum Destination {
    /// To an identity, in whichever session it has now.
    Peer(Arc<Peer>),
    /// To the members of a group.
    Group(Arc<Group>),
    /// To the router itself.
    Router,
    /// Out of mailboxes, to those whose they are.
    Mailboxes,
}

impl Destination {
    /// The identity or the group to which it leads.
    pub(crate) fn identity(&self) -> Option<Identity> {
        match self {
            Self::Peer(peer) => Some(peer.identity),
            Self::Group(group) => Some(group.identity),
            Self::Router | Self::Mailboxes => None,
        }
    }
}

/// What a lane is made of.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) announcement: Announcement,
    pub(crate) sender: Option<(u64, Outbox)>,
    pub(crate) to: Destination,
    pub(crate) level: Level,
    /// What may be sent before there is more credit, in bytes of messages.
    pub(crate) credit: u64,
    /// Where durable messages are stored.
    pub(crate) mail: Option<Mail>,
}

impl Lane {
    pub(crate) fn new(number: Number, plan: Plan) -> Self {
        let Plan {
            announcement,
            sender,
            to,
            level,
            credit,
            mail,
        } = plan;
        let mut announce = Vec::new();
        let handle = number.get();
        Message::Announce {
            handle,
            announcement,
        }
        .encode_frame(&mut announce);
        Self {
            number,
            prefix: Prefix::new(Kind::Deliver, handle),
            announce: announce.into(),
            from: announcement.identity,
            epoch: announcement.epoch,
            mail,
            sender,
            to,
            class: announcement.class,
            level,
            ttl: announcement.ttl,
            parted: AtomicBool::new(false),
            credit,
            limit: AtomicU64::new(credit),
            returned: AtomicU64::new(0),
            told: AtomicBool::new(false),
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            open: Mutex::default(),
            refusal: Mutex::default(),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number.get()
    }

    pub(crate) fn announce(&self) -> &[u8] {
        &self.announce
    }

    /// What the sender may have sent in all, in bytes of messages.
    pub(crate) fn limit(&self) -> u64 {
        self.limit.load(Relaxed)
    }

    /// The session whose messages it carries; none of what the router itself says, and of what comes
    /// out of mailboxes.
    pub(crate) fn sent_by(&self) -> Option<SessionId> {
        self.sender.as_ref().map(|(_, outbox)| outbox.session())
    }

    /// The group to which it leads.
    pub(crate) fn group(&self) -> Option<Identity> {
        match &self.to {
            Destination::Group(group) => Some(group.identity),
            _ => None,
        }
    }

    /// Whether a recipient's answer or acknowledgement is waited for.
    pub(crate) fn is_awaited(&self) -> bool {
        self.class == Class::Request || self.level == Level::Delivered
    }

    /// Notes what went along the lane; `true` when whoever watches is to be told of it now, and
    /// otherwise it is told with the next [`take_untold`](Self::take_untold).
    pub(crate) fn count(&self, messages: u64, bytes: u64) -> bool {
        if !self.told.swap(true, Relaxed) {
            return true;
        }
        self.bytes.fetch_add(bytes, Relaxed);
        self.messages.fetch_add(messages, Relaxed);
        false
    }

    /// Messages and bytes of which nobody was told yet.
    pub(crate) fn take_untold(&self) -> (u64, u64) {
        self.told.store(false, Relaxed);
        (self.messages.swap(0, Relaxed), self.bytes.swap(0, Relaxed))
    }

    /// Gives the sender credit back for so many bytes of messages, which nobody keeps any more.
    ///
    /// It is told when half of what it may have under way is free again.
    pub(crate) fn give_back(&self, bytes: u64) {
        let Some((handle, sender)) = &self.sender else {
            return;
        };
        let returned = self.returned.fetch_add(bytes, Relaxed) + bytes;
        let window = match &self.to {
            // It is free as soon as it is stored, whoever takes it.
            _ if self.class == Class::Durable => self.credit,
            Destination::Peer(peer) => peer.window(),
            Destination::Group(group) => group.window(),
            Destination::Router | Destination::Mailboxes => self.credit,
        };
        let limit = self.limit.load(Relaxed);
        if returned + window >= limit + window / 2 {
            let limit = self
                .limit
                .fetch_max(returned + window, Relaxed)
                .max(returned + window);
            let credit = Message::Credit {
                handle: *handle,
                limit,
            };
            sender.tell_unless(&self.parted, &credit);
        }
    }

    /// The sender's handle leads elsewhere from now on: it is told of no more credit, which it would
    /// take for that of the next binding.
    pub(crate) fn part(&self) {
        self.parted.store(true, Relaxed);
    }

    /// Whether an answer or an acknowledgement of some message is waited for.
    pub(crate) fn has_open(&self) -> bool {
        !self.open().is_empty()
    }

    /// Notes that an answer or an acknowledgement of a message is waited for.
    pub(crate) fn await_answer(&self, sequence: u64, open: Open) {
        self.open().insert(sequence, open);
    }

    /// Takes the reply to a request to its sender, if this session got the request.
    pub(crate) fn reply(&self, from: &Outbox, sequence: u64, body: &[u8]) {
        if self.class != Class::Request || self.take_answered(from, sequence, sequence).is_empty() {
            return;
        }
        if let Some((_, sender)) = &self.sender
            && !sender.replied(sequence, body)
        {
            let text = "the reply is longer than this session accepts";
            self.reject(sequence, RejectCode::TooLarge, text);
        }
    }

    /// A session is done with a range of messages: the sender is told of those that it got and that
    /// waited.
    pub(crate) fn acknowledge(&self, from: &Outbox, first: u64, last: u64) {
        if self.class != Class::Request {
            let done = self.take_answered(from, first, last);
            self.receipts(Level::Delivered, &done);
        }
    }

    /// Takes out what a session got and has answered, and gives the numbers.
    fn take_answered(&self, from: &Outbox, first: u64, last: u64) -> Vec<u64> {
        let mut open = self.open();
        let answered = open.range(first..=last);
        let answered = answered.filter(|(_, open)| open.recipient.is(from));
        let answered: Vec<_> = answered.map(|(sequence, _)| *sequence).collect();
        for sequence in &answered {
            open.remove(sequence);
        }
        drop(open);
        if !answered.is_empty() {
            from.answered(answered.len() as u64);
        }
        answered
    }

    /// Tells the sender how far messages have come; the numbers ascend.
    pub(crate) fn receipts(&self, level: Level, sequences: &[u64]) {
        let Some((_, sender)) = &self.sender else {
            return;
        };
        let next_to = |pair: (&u64, &u64)| *pair.1 == *pair.0 + 1;
        for run in sequences.chunk_by(|a, b| next_to((a, b))) {
            if let (Some(&first), Some(&last)) = (run.first(), run.last()) {
                sender.tell(&Message::Receipt { level, first, last });
            }
        }
    }

    /// Tells the sender that a message was accepted, in as far as it asked.
    pub(crate) fn accept(&self, sequence: u64) {
        self.receipts(self.level, &[sequence]);
    }

    /// Refuses a message of this lane. Whoever watches is told with the next
    /// [`take_refusal`](Self::take_refusal), of the first one only: there may be many at once.
    pub(crate) fn reject(&self, sequence: u64, code: RejectCode, text: &str) {
        let refusal = &self.refusal;
        let mut refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.get_or_insert_with(|| Event::Rejected {
            identity: self.from,
            code,
            text: text.to_owned(),
        });
        drop(refusal);
        self.tell_rejected(sequence, code, text);
    }

    /// The first refusal since the last call, for whoever watches.
    pub(crate) fn take_refusal(&self) -> Option<Event> {
        let refusal = &self.refusal;
        let mut refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.take()
    }

    /// Tells the sender alone that a message is refused.
    pub(crate) fn tell_rejected(&self, sequence: u64, code: RejectCode, text: &str) {
        if let Some((_, sender)) = &self.sender {
            sender.tell(&Message::Reject {
                sequence: Some(sequence),
                code,
                text,
            });
        }
    }

    /// A session has ended: what it has not answered nobody will, and the sender is told.
    pub(crate) fn fail(&self, session: SessionId) {
        let text = "the recipient's session ended before it answered";
        for (sequence, _) in self.take_open(|open| open.recipient.session() == session) {
            self.reject(sequence, RejectCode::Unreachable, text);
        }
    }

    /// Refuses what has waited for its answer too long.
    pub(crate) fn expire(&self, now: Instant) {
        let text = "there was no reply before the deadline";
        let is_over = |open: &Open| open.until.is_some_and(|until| until <= now);
        for (sequence, open) in self.take_open(is_over) {
            open.recipient.answered(1);
            self.reject(sequence, RejectCode::TimedOut, text);
        }
    }

    /// Nobody waits for answers any more: their recipients owe them no longer.
    pub(crate) fn abandon(&self) {
        for (_, open) in self.take_open(|_| true) {
            open.recipient.answered(1);
        }
    }

    fn take_open(&self, is_over: impl Fn(&Open) -> bool) -> Vec<(u64, Open)> {
        let mut open = self.open();
        let over = open.extract_if(.., |_, open| is_over(open));
        over.collect()
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("number", &self.number())
            .field("from", &self.from)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}
