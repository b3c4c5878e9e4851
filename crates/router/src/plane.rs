//! What the tasks of all sessions share beside the engine.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use tokio::sync::broadcast;
use tuyau_wire::Identity;

use crate::{
    Clock, Timestamp,
    journal::{Entry, Event},
    lane::Lane,
};

/// What the tasks of all sessions share: they count here what they deliver, and tell of it.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    journal: broadcast::Sender<Arc<Entry>>,
    processed: Arc<AtomicU64>,
    clock: Clock,
}

impl Plane {
    pub(crate) fn new(journal: broadcast::Sender<Arc<Entry>>, clock: Clock) -> Self {
        Self {
            journal,
            processed: Arc::default(),
            clock,
        }
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells whoever watches.
    pub(crate) fn tell(&self, event: Event) {
        // Nobody may be watching.
        let _ = self.journal.send(Arc::new(Entry {
            time: self.now(),
            event,
        }));
    }

    /// How many messages were delivered since the last call.
    pub(crate) fn take_processed(&self) -> u64 {
        self.processed.swap(0, Relaxed)
    }

    /// So many messages were processed.
    pub(crate) fn count(&self, messages: u64) {
        self.processed.fetch_add(messages, Relaxed);
    }

    /// Messages went from one identity to another. Of a lane whoever watches is told at once, and
    /// then of all that followed with the next tick.
    pub(crate) fn delivered(&self, lane: &Lane, to: Identity, messages: u64, bytes: u64) {
        self.count(messages);
        if lane.count(messages, bytes) {
            let from = lane.from;
            self.tell(Event::Delivered {
                from,
                to,
                messages,
                bytes,
            });
        }
    }

    /// Messages were stored for a recipient or a group.
    pub(crate) fn stored(&self, lane: &Lane, messages: u64, bytes: u64) {
        self.count(messages);
        if lane.count(messages, bytes)
            && let Some(to) = lane.to.identity()
        {
            let from = lane.from;
            self.tell(Event::Stored {
                from,
                to,
                messages,
                bytes,
            });
        }
    }

    /// Messages were published to a group.
    pub(crate) fn published(&self, lane: &Lane, group: Identity, messages: u64, bytes: u64) {
        self.count(messages);
        if lane.count(messages, bytes) {
            let from = lane.from;
            self.tell(Event::Published {
                from,
                group,
                messages,
                bytes,
            });
        }
    }
}
