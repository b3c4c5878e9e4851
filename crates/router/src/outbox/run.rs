//! Who gets credit back when frames have been written.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::AcqRel},
};

use crate::lane::Lane;

/// Messages of one sender, one after the other in a queue.
#[derive(Debug)]
pub(crate) enum Run {
    /// They are in this queue alone.
    One {
        lane: Arc<Lane>,
        /// Their bytes, as their sender counts them.
        bytes: u64,
    },
    /// They are in the queues of all members of a group.
    Shared(Arc<Shared>),
}

/// A batch of messages that is in several queues.
#[derive(Debug)]
pub(crate) struct Shared {
    lane: Arc<Lane>,
    bytes: u64,
    /// How many queues have it still, and one more while it is handed out.
    left: AtomicUsize,
}

impl Shared {
    /// A batch that is about to be put into queues. [`Run::settle`] it once when that is done.
    pub(crate) fn new(lane: Arc<Lane>, bytes: u64) -> Arc<Self> {
        let left = AtomicUsize::new(1);
        Arc::new(Self { lane, bytes, left })
    }

    /// What goes into one more queue.
    pub(crate) fn run(self: &Arc<Self>) -> Run {
        self.left.fetch_add(1, AcqRel);
        Run::Shared(self.clone())
    }
}

impl Run {
    /// The queue does not have it any more.
    pub(crate) fn settle(self) {
        match self {
            Self::One { lane, bytes } => lane.give_back(bytes),
            Self::Shared(shared) => {
                if shared.left.fetch_sub(1, AcqRel) == 1 {
                    shared.lane.give_back(shared.bytes);
                }
            }
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }
}
