//! The reading and the writing task of a layer whose reads sometimes have to write.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

/// For which side of a flow something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Read,
    Write,
}

/// Which task's waker waits for the flow beneath to take bytes.
///
/// Reading sometimes has to send (an answer to a key update, to a ping), and a flow remembers one
/// writing task only. So that neither side's waker displaces the other's, both are registered as one.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Waiting {
    /// The waker to register beneath for this half.
    pub(crate) fn register(&mut self, waker: &Waker, half: Half) -> Waker {
        let (own, other) = match half {
            Half::Read => (&mut self.reader, &self.writer),
            Half::Write => (&mut self.writer, &self.reader),
        };
        match own {
            Some(known) => known.clone_from(waker),
            None => *own = Some(waker.clone()),
        }
        match other {
            Some(other) if !other.will_wake(waker) => {
                Waker::from(Arc::new(Both(waker.clone(), other.clone())))
            }
            _ => waker.clone(),
        }
    }

    /// This half no longer waits.
    pub(crate) fn clear(&mut self, half: Half) {
        match half {
            Half::Read => self.reader = None,
            Half::Write => self.writer = None,
        }
    }
}

/// Wakes two tasks.
struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}
