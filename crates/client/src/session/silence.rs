//! Whether the peer is still there.

use std::{future::Future, pin::Pin, task::Context, time::Duration};

use tokio::time::{Instant, Sleep, sleep};

/// Watches for a peer that says nothing.
pub(super) struct Silence {
    /// After how long the peer is asked, and after how long again it is given up.
    time: Duration,
    sleep: Pin<Box<Sleep>>,
    /// How many bytes had come when the peer was heard last.
    heard: u64,
    asked: bool,
}

/// What is to be done about a peer that says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// It is to be asked whether it is there.
    Ask,
    /// It did not answer.
    GiveUp,
}

impl Silence {
    /// Begins when `heard` bytes have come.
    pub(super) fn new(time: Duration, heard: u64) -> Self {
        Self {
            time,
            sleep: Box::pin(sleep(time)),
            heard,
            asked: false,
        }
    }

    /// What is to be done when so many bytes have come so far. While this side does not read
    /// (`paused`), nothing can be said about the peer.
    pub(super) fn poll(
        &mut self,
        heard: u64,
        paused: bool,
        cx: &mut Context<'_>,
    ) -> Option<Silent> {
        while self.sleep.as_mut().poll(cx).is_ready() {
            self.sleep.as_mut().reset(Instant::now() + self.time);
            let is_silent = heard == self.heard && !paused;
            self.heard = heard;
            if !is_silent {
                self.asked = false;
                continue;
            }
            // The reset sleep has to be polled so that it wakes.
            let again = self.sleep.as_mut().poll(cx);
            debug_assert!(again.is_pending() || self.time.is_zero());
            return Some(match std::mem::replace(&mut self.asked, true) {
                false => Silent::Ask,
                true => Silent::GiveUp,
            });
        }
        None
    }
}
