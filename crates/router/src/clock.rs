//! Where the router's time of day comes from.

use std::{fmt, sync::Arc};

use crate::Timestamp;

/// A clock for the time of day: by it registrations, grants and kept messages expire, and the journal
/// is dated. Clones are the same clock.
///
/// Time-outs do not follow it: they follow tokio's clock, which a test can pause.
#[derive(Clone, Default)]
pub struct Clock {
    read: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
}

impl Clock {
    /// The clock of this machine.
    pub const fn system() -> Self {
        Self { read: None }
    }

    /// A clock that shows what `read` gives. It may stand, jump and run backwards, as the clock of a
    /// machine may.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let read = Some(Arc::new(read) as _);
        Self { read }
    }

    /// The time that it shows.
    pub fn now(&self) -> Timestamp {
        self.read
            .as_ref()
            .map_or_else(Timestamp::now, |read| read())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_shows_what_it_is_given_and_otherwise_the_time_of_the_machine() {
        let clock = Clock::new(|| Timestamp::from_millis(7)).clone();
        assert_eq!(clock.now().millis(), 7);
        let before = Timestamp::now();
        assert!(Clock::system().now() >= before);
    }
}
