//! A bucket that fills steadily.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tuyau_core::Timer;

use super::Rate;
use crate::pause::Pause;

/// Nanoseconds in a second; a byte is as many units of credit.
const BYTE: u128 = 1_000_000_000;

/// What may pass now, and when more may.
///
/// Credit is counted in bytes times nanoseconds, so that no fraction of a byte is lost or won,
/// however often it is looked at.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    credit: u128,
    updated: Duration,
    pause: Pause,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(rate: Rate, timer: Arc<dyn Timer>) -> Self {
        let pause = Pause::new(timer);
        Self {
            rate,
            credit: u128::from(rate.burst) * BYTE,
            updated: pause.now(),
            pause,
        }
    }

    /// How many bytes may pass, up to `wanted` (at least 1), once some may.
    ///
    /// After the bucket was empty it waits for a hundredth of a second's bytes rather than for single ones.
    pub(super) fn poll_allow(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<usize> {
        let wanted = wanted as u64;
        let some = (self.rate.per_second / 100).clamp(1, self.rate.burst);
        let enough = u128::from(some.min(wanted)) * BYTE;
        loop {
            self.fill();
            if self.credit >= enough {
                let allowed = (self.credit / BYTE).min(u128::from(wanted));
                return Poll::Ready(allowed as usize);
            }
            let missing = (enough - self.credit).div_ceil(u128::from(self.rate.per_second));
            let wait = Duration::from_nanos(u64::try_from(missing).unwrap_or(u64::MAX));
            ready!(self.pause.poll(cx, |now| now.saturating_add(wait)));
        }
    }

    /// These bytes have passed.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_sub(bytes as u128 * BYTE);
    }

    fn fill(&mut self) {
        let now = self.pause.now();
        let passed = now.saturating_sub(self.updated).as_nanos();
        let most = u128::from(self.rate.burst) * BYTE;
        let more = passed.saturating_mul(u128::from(self.rate.per_second));
        self.credit = self.credit.saturating_add(more).min(most);
        self.updated = now;
    }
}
