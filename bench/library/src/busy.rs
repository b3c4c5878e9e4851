//! The time that counts.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment by the processor time of this thread.
///
/// Both ends of every connection are served by one thread, which never waits for anything but itself.
/// So its processor time is what the work takes, and other work on the machine disturbs it little.
#[derive(Clone, Copy)]
pub struct Busy(Duration);

impl Busy {
    /// Now.
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanoseconds = u32::try_from(now.tv_nsec).unwrap_or_default();
        Self(Duration::new(seconds, nanoseconds))
    }

    /// The processor time since then.
    pub fn elapsed(&self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}
