//! What waits to be written to one peer.

mod delivery;
mod run;

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Waker},
};

use tuyau_wire::Message;

use crate::{engine::SessionId, lane::Lane, peer::Peer, store::ReadLimit};

pub(crate) use delivery::{Batch, Delivery, Refusal};
pub(crate) use run::{Run, Shared};

/// The queue of one session. Whoever has something for the peer appends to it, and the session's
/// task writes it out. Its lock is never held across I/O.
#[derive(Clone)]
pub(crate) struct Outbox {
    shared: Arc<Inner>,
}

struct Inner {
    session: SessionId,
    limit: usize,
    queue: Mutex<Queue>,
    /// Whether something went in either direction since the last time somebody asked.
    active: AtomicBool,
}

#[derive(Default)]
struct Queue {
    /// Frames, one after the other.
    frames: Vec<u8>,
    /// Who gets credit back when the frames are written.
    runs: Vec<Run>,
    /// The same of what is being written.
    writing: Vec<Run>,
    /// How many bytes are being written.
    written: usize,
    /// The longest message that the peer accepts, in bytes.
    max_frame: usize,
    /// How many messages wait for the peer's acknowledgement or reply, and how many may.
    awaited: u64,
    unacknowledged: u64,
    /// Whether the peer takes nothing, so that nobody waits for it who sends to others as well.
    lagging: bool,
    /// What the peer was told of, by its number.
    announced: HashMap<u64, Weak<Lane>>,
    /// What did not reach the peer, and it was not told of yet.
    missed: Vec<Missed>,
    /// The identity whose stored messages come over this session.
    mail: Option<Arc<Peer>>,
    /// Whether more of them wait until there is room.
    mail_waits: bool,
    /// Handles that were bound or freed, for the session's task.
    bound: Vec<(u64, Option<Arc<Lane>>)>,
    closing: Option<String>,
    /// Whether the engine has something of the peer before it.
    busy: bool,
    /// The last sequence number that the peer used, while the engine has its turn.
    sequence: Option<u64>,
    waker: Option<Waker>,
}

/// Messages of a lane that did not reach a peer.
struct Missed {
    lane: Weak<Lane>,
    number: u64,
    first: u64,
    last: u64,
}

/// What a session's task is to do next.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Why the session is being closed, if it is.
    pub(crate) closing: bool,
    /// Whether reading from the peer should pause until more is written to it.
    pub(crate) full: bool,
    /// Whether the engine has not come yet to what was read from the peer last.
    pub(crate) busy: bool,
    /// Whether handles were bound or freed.
    pub(crate) bound: bool,
}

/// More than the answers to the requests of one read, which is 64 KiB or one longer message, can be.
const REPLIES: usize = 1024 * 1024;

/// How much of a mailbox is read at a time.
const MAIL: ReadLimit = ReadLimit {
    messages: 1024,
    bytes: 256 * 1024,
};

/// How long a list of what was announced may grow before what has ended is taken out.
const ANNOUNCED: usize = 64;

impl Outbox {
    /// An empty queue that takes about `limit` bytes of deliveries.
    pub(crate) fn new(session: SessionId, limit: usize) -> Self {
        let (queue, active) = (Mutex::default(), AtomicBool::new(false));
        Self {
            shared: Arc::new(Inner {
                session,
                limit,
                queue,
                active,
            }),
        }
    }

    /// The session whose queue it is.
    pub(crate) fn session(&self) -> SessionId {
        self.shared.session
    }

    /// How many bytes may wait.
    pub(crate) fn limit(&self) -> usize {
        self.shared.limit
    }

    /// Whether both are the queue of one session.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Notes the longest message that the peer accepts, in bytes, and how many may wait for its
    /// acknowledgement or reply.
    pub(crate) fn greet(&self, max_frame: usize, unacknowledged: u64) {
        let mut queue = self.lock();
        queue.max_frame = max_frame;
        queue.unacknowledged = unacknowledged;
    }

    /// Notes that nobody waits any more for the peer's answers to so many messages.
    pub(crate) fn answered(&self, messages: u64) {
        let mut queue = self.lock();
        queue.awaited = queue.awaited.saturating_sub(messages);
        let mail = queue.take_waiting_mail();
        drop(queue);
        if let Some(peer) = mail {
            peer.pump();
        }
    }

    /// Whose stored messages come over this session from now on, if anybody's.
    pub(crate) fn give_mail_to(&self, peer: Option<Arc<Peer>>) {
        let mut queue = self.lock();
        queue.mail = peer.filter(|_| queue.closing.is_none());
        queue.mail_waits = false;
    }

    /// Whose stored messages come over this session.
    pub(crate) fn mail(&self) -> Option<Arc<Peer>> {
        self.lock().mail.clone()
    }

    /// How many stored messages this session may get now. When that is nothing worth reading a
    /// mailbox for, the mailbox is read as soon as it is.
    pub(crate) fn room_for_mail(&self) -> Option<ReadLimit> {
        let mut queue = self.lock();
        if queue.closing.is_some() {
            return None;
        }
        let (most, limit) = (queue.unacknowledged, self.shared.limit);
        let messages = most.saturating_sub(queue.awaited);
        let bytes = limit.saturating_sub(queue.bytes());
        if messages == 0 || bytes < limit / 4 {
            queue.mail_waits = true;
            return None;
        }
        Some(ReadLimit {
            messages: usize::try_from(messages).map_or(MAIL.messages, |it| it.min(MAIL.messages)),
            bytes: bytes.min(MAIL.bytes),
        })
    }

    /// Whether the peer's hello was taken.
    pub(crate) fn is_greeted(&self) -> bool {
        self.lock().max_frame > 0
    }

    /// Begins to deliver along a lane; nothing when the session is being closed.
    pub(crate) fn deliver<'a>(&'a self, lane: &'a Arc<Lane>) -> Option<Delivery<'a>> {
        let queue = self.lock();
        queue
            .closing
            .is_none()
            .then(|| Delivery::new(queue, lane, self.shared.limit))
    }

    /// Queues an answer or a notice. Reading pauses while the queue is full, so these pass its limit
    /// only by the answers to what was read already; a peer that lets more of them wait is closed.
    pub(crate) fn tell(&self, message: &Message<'_>) {
        let mut queue = self.lock();
        message.encode_frame(&mut queue.frames);
        queue.bound_replies(self.shared.limit);
        queue.wake();
    }

    /// Queues a notice unless this is set. What is queued behind the next [`bind`](Self::bind) is
    /// behind it as well.
    pub(crate) fn tell_unless(&self, set: &AtomicBool, message: &Message<'_>) {
        let mut queue = self.lock();
        if !set.load(Relaxed) {
            message.encode_frame(&mut queue.frames);
            queue.bound_replies(self.shared.limit);
            queue.wake();
        }
    }

    /// Queues frames of answers and notices.
    pub(crate) fn tell_frames(&self, frames: &[u8]) {
        let mut queue = self.lock();
        queue.frames.extend_from_slice(frames);
        queue.bound_replies(self.shared.limit);
        queue.wake();
    }

    /// Queues the reply to a request, or gives `false` when it is too long for the peer.
    pub(crate) fn replied(&self, sequence: u64, body: &[u8]) -> bool {
        let message = Message::Replied { sequence, body };
        let mut queue = self.lock();
        if message.encoded_len() > queue.max_frame {
            return false;
        }
        message.encode_frame(&mut queue.frames);
        queue.bound_replies(self.shared.limit);
        queue.wake();
        true
    }

    /// Closes the session once the queue is empty; the first reason stays.
    pub(crate) fn close(&self, reason: &str) {
        let mut queue = self.lock();
        queue.closing.get_or_insert_with(|| reason.to_owned());
        queue.wake();
    }

    /// Why the session is being closed, if it is.
    pub(crate) fn closing(&self) -> Option<String> {
        self.lock().closing.clone()
    }

    /// Nothing is read from the peer any more: whoever waits for its answers is told.
    pub(crate) fn end_answers(&self) {
        let announced = mem::take(&mut self.lock().announced);
        let lanes = announced.into_values().filter_map(|lane| lane.upgrade());
        let mut lanes: Vec<_> = lanes.filter(|lane| lane.is_awaited()).collect();
        lanes.sort_unstable_by_key(|lane| lane.number());
        for lane in lanes {
            lane.fail(self.shared.session);
        }
    }

    /// The session has ended: nothing is written any more.
    pub(crate) fn end(&self) {
        let mut queue = self.lock();
        queue.closing.get_or_insert_with(|| "it has ended".into());
        queue.frames = Vec::new();
        queue.written = 0;
        queue.bound.clear();
        let mail = queue.mail.take();
        let runs = [mem::take(&mut queue.runs), mem::take(&mut queue.writing)];
        drop((queue, mail));
        runs.into_iter().flatten().for_each(Run::settle);
        self.end_answers();
    }

    /// The lane that a number stands for in this session.
    pub(crate) fn announced(&self, number: u64) -> Option<Arc<Lane>> {
        self.lock().announced.get(&number)?.upgrade()
    }

    /// Hands a bound handle to the session's task, or takes one away.
    pub(crate) fn bind(&self, handle: u64, lane: Option<Arc<Lane>>) {
        self.lock().bound.push((handle, lane));
    }

    /// The handles that were bound or freed since the last call.
    pub(crate) fn take_bound(&self) -> Vec<(u64, Option<Arc<Lane>>)> {
        mem::take(&mut self.lock().bound)
    }

    /// Notes that something of the peer goes to the engine, and the last number that it used.
    pub(crate) fn begin_turn(&self, sequence: Option<u64>) {
        let mut queue = self.lock();
        queue.busy = true;
        queue.sequence = sequence;
    }

    /// The last number that the peer used before the engine's turn.
    pub(crate) fn sequence(&self) -> Option<u64> {
        self.lock().sequence
    }

    /// Notes that the engine is done with what it was given.
    pub(crate) fn end_turn(&self, sequence: Option<u64>) {
        let mut queue = self.lock();
        queue.busy = false;
        queue.sequence = sequence;
        queue.wake();
    }

    /// Whether something went in either direction since the last call.
    pub(crate) fn take_active(&self) -> bool {
        self.shared.active.swap(false, Relaxed)
    }

    /// Notes that something came from the peer.
    pub(crate) fn note_active(&self) {
        self.shared.active.store(true, Relaxed);
    }

    /// What the task is to do now; it is woken when that changes.
    pub(crate) fn orders(&self, cx: &Context<'_>) -> Orders {
        let mut queue = self.lock();
        match &mut queue.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Orders {
            closing: queue.closing.is_some(),
            full: queue.bytes() >= self.shared.limit,
            busy: queue.busy,
            bound: !queue.bound.is_empty(),
        }
    }

    /// Notes that what was taken last has been written, and takes what waits.
    ///
    /// `out` is empty, and takes the frames; its memory is used for those that come.
    pub(crate) fn take(&self, out: &mut Vec<u8>) {
        let mut queue = self.lock();
        let mut settled = mem::take(&mut queue.writing);
        queue.lagging = false;
        queue.tell_all_missed();
        mem::swap(&mut queue.frames, out);
        queue.written = out.len();
        if !out.is_empty() {
            self.note_active();
        }
        if queue.frames.capacity() > KEPT && out.is_empty() {
            queue.frames = Vec::new();
        }
        queue.writing = mem::take(&mut queue.runs);
        let mail = queue.take_waiting_mail();
        drop(queue);
        settled.drain(..).for_each(Run::settle);
        if let Some(peer) = mail {
            peer.pump();
        }
    }

    /// The peer has not taken anything for a while: those who send to others as well do not wait
    /// for it any longer, until it does.
    pub(crate) fn release_shared(&self) {
        let mut queue = self.lock();
        queue.lagging = true;
        let split = |runs: &mut Vec<Run>| -> Vec<Run> {
            let (shared, own) = mem::take(runs).into_iter().partition(Run::is_shared);
            *runs = own;
            shared
        };
        let shared = [split(&mut queue.runs), split(&mut queue.writing)];
        drop(queue);
        shared.into_iter().flatten().for_each(Run::settle);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        let queue = &self.shared.queue;
        queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much memory an idle session keeps for frames, in bytes.
const KEPT: usize = 512;

impl Queue {
    /// Whose stored messages wait for room, which there may be now.
    fn take_waiting_mail(&mut self) -> Option<Arc<Peer>> {
        let waits = mem::take(&mut self.mail_waits);
        self.mail.as_ref().filter(|_| waits).cloned()
    }

    /// What waits and what is being written, in bytes.
    fn bytes(&self) -> usize {
        self.frames.len() + self.written
    }

    /// Closes the session when more answers wait than there can be for a peer that reads.
    fn bound_replies(&mut self, limit: usize) {
        if self.bytes() > limit.saturating_mul(3).saturating_add(REPLIES) {
            let reason = "it does not read the answers to its requests";
            self.closing.get_or_insert_with(|| reason.to_owned());
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Tells the peer what a lane's number stands for, unless it knows.
    fn announce(&mut self, lane: &Arc<Lane>) {
        let known = self.announced.get(&lane.number());
        if known.is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(lane))) {
            return;
        }
        let full = self.announced.len() == self.announced.capacity();
        if full && self.announced.len() >= ANNOUNCED {
            self.announced.retain(|_, lane| lane.strong_count() > 0);
        }
        self.announced.insert(lane.number(), Arc::downgrade(lane));
        self.frames.extend_from_slice(lane.announce());
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Outbox").field(&self.shared.session).finish()
    }
}

#[cfg(test)]
mod tests;
