//! Putting messages of one sender into a queue.

use std::sync::{Arc, MutexGuard};

use tuyau_wire::{
    Message,
    fast::{self, Kind, Parts},
    frame,
};

use super::{Missed, Queue, Run, Shared};
use crate::lane::Lane;

/// A queue that takes messages of one lane, until this is dropped.
pub(crate) struct Delivery<'a> {
    queue: MutexGuard<'a, Queue>,
    lane: &'a Arc<Lane>,
    limit: usize,
    /// How many bytes the peer was told about the lane just now: they keep no message out.
    announced: usize,
    /// What was taken, in bytes as the sender counts them.
    taken: u64,
}

/// Why a queue does not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no room.
    Full,
    /// The peer has not acknowledged or answered as many messages as may wait for that.
    Unanswered,
    /// It is longer than the peer accepts.
    TooLarge {
        /// The longest message that it accepts, in bytes.
        limit: usize,
    },
}

impl<'a> Delivery<'a> {
    pub(super) fn new(mut queue: MutexGuard<'a, Queue>, lane: &'a Arc<Lane>, limit: usize) -> Self {
        let before = queue.bytes();
        queue.announce(lane);
        Self {
            announced: queue.bytes() - before,
            queue,
            lane,
            limit,
            taken: 0,
        }
    }

    /// How long a message may be, in bytes: what the peer accepts.
    pub(crate) fn max_frame(&self) -> usize {
        self.queue.max_frame
    }

    /// How many bytes there is room for. A message of any length has room where nothing waits.
    pub(crate) fn room(&self) -> usize {
        match self.queue.bytes() - self.announced {
            0 => usize::MAX,
            waiting => self.limit.saturating_sub(waiting),
        }
    }

    /// Where frames are appended, as far as there is room.
    pub(crate) fn frames(&mut self) -> &mut Vec<u8> {
        &mut self.queue.frames
    }

    /// Whether one message more may wait for the peer's acknowledgement or reply; it is counted.
    pub(crate) fn may_await(&mut self) -> bool {
        let may = self.queue.awaited < self.queue.unacknowledged;
        self.queue.awaited += u64::from(may);
        may
    }

    /// Notes what was appended, in bytes as the sender counts them.
    pub(crate) fn took(&mut self, cost: u64) {
        self.taken += cost;
    }

    /// Queues a message. `cost` is what it costs its sender, in bytes.
    pub(crate) fn push(&mut self, sequence: u64, body: &[u8], cost: u64) -> Result<(), Refusal> {
        let handle = self.lane.number();
        let length = fast::length(handle, sequence, body.len());
        if length > self.queue.max_frame {
            let limit = self.queue.max_frame;
            return Err(Refusal::TooLarge { limit });
        }
        if length > self.room() {
            return Err(Refusal::Full);
        }
        let parts = Parts {
            kind: Kind::Deliver,
            handle,
            sequence,
            body,
        };
        fast::write(&mut self.queue.frames, parts);
        self.taken += cost;
        Ok(())
    }

    /// Queues a stored message, which waits for its acknowledgement. When there is no room, or too many
    /// wait already, the mailbox is read again when that has changed.
    pub(crate) fn push_kept(
        &mut self,
        kind: Kind,
        sequence: u64,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let handle = self.lane.number();
        let length = fast::length(handle, sequence, body.len());
        let limit = self.queue.max_frame;
        if length > limit {
            return Err(Refusal::TooLarge { limit });
        }
        let full = length > self.room();
        if full || !self.may_await() {
            self.queue.mail_waits = true;
            return Err(if full {
                Refusal::Full
            } else {
                Refusal::Unanswered
            });
        }
        let parts = Parts {
            kind,
            handle,
            sequence,
            body,
        };
        fast::write(&mut self.queue.frames, parts);
        Ok(())
    }

    /// Queues a batch that other queues have as well, if there is room for all of it that the peer
    /// accepts. What is longer than that it misses alone.
    pub(crate) fn push_shared(&mut self, batch: &Batch<'_>, shared: &Arc<Shared>) {
        let max_frame = self.queue.max_frame;
        let whole = batch.longest <= max_frame;
        let length = match whole {
            true => batch.frames.len(),
            false => batch.length_up_to(max_frame),
        };
        if length == 0 || length > self.room() {
            self.queue.miss(self.lane, batch.first, batch.last);
            return;
        }
        if whole {
            self.queue.tell_missed(self.lane);
            self.queue.frames.extend_from_slice(batch.frames);
        } else {
            self.push_accepted(batch);
        }
        if !self.queue.lagging {
            let run = shared.run();
            self.queue.runs.push(run);
        }
    }

    /// Queues those messages of a batch that the peer accepts.
    fn push_accepted(&mut self, batch: &Batch<'_>) {
        for (sequence, message, frame) in batch.messages() {
            if message > self.queue.max_frame {
                self.queue.miss(self.lane, sequence, sequence);
            } else {
                self.queue.tell_missed(self.lane);
                self.queue.frames.extend_from_slice(frame);
            }
        }
    }
}

/// Messages of one sender, as they are delivered to every member of a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) frames: &'a [u8],
    /// The length of the longest message, in bytes.
    pub(crate) longest: usize,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl<'a> Batch<'a> {
    /// The messages: of each its number, its length in bytes, and its frame.
    fn messages(&self) -> impl Iterator<Item = (u64, usize, &'a [u8])> {
        let mut rest = self.frames;
        std::iter::from_fn(move || {
            let next = frame::split(rest, usize::MAX).ok().flatten()?;
            let sequence = fast::read(next.message)?.sequence;
            let (frame, behind) = rest.split_at(next.length);
            rest = behind;
            Some((sequence, next.message.len(), frame))
        })
    }

    /// How many bytes the frames have whose messages are not longer than this.
    fn length_up_to(&self, longest: usize) -> usize {
        let accepted = self.messages().filter(|(_, length, _)| *length <= longest);
        accepted.map(|(_, _, frame)| frame.len()).sum()
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        let bytes = self.taken;
        if bytes > 0 {
            self.queue.add_run(self.lane, bytes);
        }
        self.queue.wake();
    }
}

impl Queue {
    /// Notes whose messages were added last.
    fn add_run(&mut self, lane: &Arc<Lane>, more: u64) {
        if let Some(Run::One { lane: last, bytes }) = self.runs.last_mut()
            && Arc::ptr_eq(last, lane)
        {
            *bytes += more;
            return;
        }
        self.runs.push(Run::One {
            lane: lane.clone(),
            bytes: more,
        });
    }

    /// Notes that messages of a lane did not reach the peer.
    fn miss(&mut self, lane: &Arc<Lane>, first: u64, last: u64) {
        let of_lane = |missed: &&mut Missed| std::ptr::eq(missed.lane.as_ptr(), Arc::as_ptr(lane));
        match self.missed.iter_mut().find(of_lane) {
            Some(missed) => missed.last = last,
            None => self.missed.push(Missed {
                lane: Arc::downgrade(lane),
                number: lane.number(),
                first,
                last,
            }),
        }
    }

    /// Tells the peer what it missed of a lane, before it gets more of it.
    fn tell_missed(&mut self, lane: &Arc<Lane>) {
        let of_lane = |missed: &Missed| std::ptr::eq(missed.lane.as_ptr(), Arc::as_ptr(lane));
        if let Some(index) = self.missed.iter().position(of_lane) {
            let missed = self.missed.swap_remove(index);
            missed.message().encode_frame(&mut self.frames);
        }
    }

    /// Tells the peer all that it missed.
    pub(super) fn tell_all_missed(&mut self) {
        for missed in std::mem::take(&mut self.missed) {
            missed.message().encode_frame(&mut self.frames);
        }
    }
}

impl Missed {
    fn message(&self) -> Message<'static> {
        Message::Missed {
            handle: self.number,
            first: self.first,
            last: self.last,
        }
    }
}
