//! What waits to be written to one peer.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

/// The queue of one session, shared by the engine's task, which fills it, and the session's task,
/// which empties it. Its lock is never held across I/O.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    shared: Arc<Mutex<Queue>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    closing: Option<String>,
    /// Whether the engine has something of the peer before it.
    busy: bool,
    waker: Option<Waker>,
}

/// More than the answers to the requests of one read, which is 16 KiB or one longer message, can be.
const REPLIES: usize = 512 * 1024;

/// What a queued frame costs beside its bytes.
const FRAME_COST: usize = 64;

impl Outbox {
    /// An empty queue that takes about `limit` bytes of deliveries.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            shared: Arc::default(),
            limit,
        }
    }

    /// Queues a delivery, or gives `false` when there is no room or the session is being closed.
    pub(crate) fn deliver(&self, frame: Vec<u8>) -> bool {
        let mut queue = self.lock();
        let fits = queue.bytes == 0 || queue.bytes + frame.len() <= self.limit;
        let takes = fits && queue.closing.is_none();
        if takes {
            queue.push(frame);
        }
        takes
    }

    /// Queues a reply. Reading pauses while the queue is full, so replies pass its limit only by the
    /// answers to what was read already, and to messages that waited for a dial; `false` when there
    /// are more than these can be.
    pub(crate) fn reply(&self, frame: Vec<u8>) -> bool {
        let mut queue = self.lock();
        let takes = queue.bytes <= self.limit.saturating_mul(3).saturating_add(REPLIES);
        if takes {
            queue.push(frame);
        }
        takes
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

    /// Whether reading from the peer should pause until more is written to it.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().bytes >= self.limit
    }

    /// Whether the engine has not come yet to what was read from the peer last. Reading pauses until
    /// it has, so that one peer has one turn at a time, however much it sends.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().busy
    }

    /// Notes that something of the peer goes to the engine.
    pub(crate) fn begin_turn(&self) {
        self.lock().busy = true;
    }

    /// Notes that the engine is done with what it was given.
    pub(crate) fn end_turn(&self) {
        let mut queue = self.lock();
        queue.busy = false;
        queue.wake();
    }

    /// Has the task woken when something is queued or the session is to be closed.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        let mut queue = self.lock();
        match &mut queue.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// Appends queued frames to `out`, up to about `most` bytes.
    pub(crate) fn take(&self, out: &mut Vec<u8>, most: usize) {
        let mut queue = self.lock();
        while out.len() < most
            && let Some(frame) = queue.frames.pop_front()
        {
            queue.bytes -= frame.len() + FRAME_COST;
            if out.is_empty() {
                *out = frame;
            } else {
                out.extend_from_slice(&frame);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, frame: Vec<u8>) {
        self.bytes += frame.len() + FRAME_COST;
        self.frames.push_back(frame);
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_deliveries_above_the_limit_and_takes_replies() {
        let outbox = Outbox::new(200);
        assert!(outbox.deliver(vec![0; 100]));
        assert!(!outbox.deliver(vec![0; 100]));
        assert!(outbox.reply(vec![0; 100]));
        assert!(outbox.is_full());
        assert!(outbox.reply(vec![0; REPLIES + 400]));
        assert!(!outbox.reply(vec![0; 10]), "replies have a limit as well");
    }

    #[test]
    fn takes_one_delivery_of_any_length_when_empty() {
        assert!(Outbox::new(10).deliver(vec![0; 1000]));
    }

    #[test]
    fn gives_frames_in_order_and_has_room_again() {
        let outbox = Outbox::new(100);
        assert!(outbox.deliver(vec![1; 10]) && outbox.reply(vec![2; 10]));
        let mut out = Vec::new();
        outbox.take(&mut out, 1000);
        assert_eq!(out, [[1; 10], [2; 10]].concat());
        assert!(!outbox.is_full() && outbox.deliver(vec![3; 10]));
    }

    #[test]
    fn a_peer_has_one_turn_at_a_time() {
        let outbox = Outbox::new(100);
        assert!(!outbox.is_busy());
        outbox.begin_turn();
        assert!(outbox.is_busy());
        outbox.end_turn();
        assert!(!outbox.is_busy());
    }

    #[test]
    fn takes_nothing_more_once_closing() {
        let outbox = Outbox::new(100);
        outbox.close("first");
        outbox.close("second");
        assert_eq!(outbox.closing().as_deref(), Some("first"));
        assert!(!outbox.deliver(vec![0]));
    }
}
