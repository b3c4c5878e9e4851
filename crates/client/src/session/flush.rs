//! Waiting until the router has taken everything that was sent.

use std::{
    collections::HashMap,
    task::{Context, Poll, Waker},
};

/// The waits that are under way, each by the token of its ping.
#[derive(Debug, Default)]
pub(super) struct Flushes {
    last: u64,
    waits: HashMap<u64, Flush>,
}

#[derive(Debug)]
struct Flush {
    /// The last message that is waited for.
    until: u64,
    /// How many messages up to that one have no receipt yet.
    receipts: usize,
    /// Whether the router has answered the ping behind them.
    answered: bool,
    waker: Option<Waker>,
}

impl Flush {
    fn is_done(&self) -> bool {
        self.answered && self.receipts == 0
    }

    fn tell(&mut self, wakers: &mut Vec<Waker>) {
        if self.is_done() {
            wakers.extend(self.waker.take());
        }
    }
}

impl Flushes {
    /// Begins to wait for everything up to a number, of which so many messages have no receipt, and
    /// gives the token of the ping to send.
    pub(super) fn begin(&mut self, until: u64, receipts: usize) -> u64 {
        self.last += 1;
        let flush = Flush {
            until,
            receipts,
            answered: false,
            waker: None,
        };
        self.waits.insert(self.last, flush);
        self.last
    }

    /// Nobody waits any more.
    pub(super) fn forget(&mut self, token: u64) {
        self.waits.remove(&token);
    }

    /// A message has its receipt, or was refused.
    pub(super) fn settled(&mut self, sequence: u64, wakers: &mut Vec<Waker>) {
        for flush in self.waits.values_mut() {
            if sequence <= flush.until {
                flush.receipts = flush.receipts.saturating_sub(1);
                flush.tell(wakers);
            }
        }
    }

    /// The router has answered a ping.
    pub(super) fn answered(&mut self, token: u64, wakers: &mut Vec<Waker>) {
        if let Some(flush) = self.waits.get_mut(&token) {
            flush.answered = true;
            flush.tell(wakers);
        }
    }

    /// Ready when everything is done, or when nothing will be any more.
    pub(super) fn poll(&mut self, token: u64, cx: &Context<'_>) -> Poll<Result<(), ()>> {
        match self.waits.get_mut(&token) {
            None => Poll::Ready(Err(())),
            Some(flush) if flush.is_done() => Poll::Ready(Ok(())),
            Some(flush) => {
                flush.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The session is over.
    pub(super) fn end(&mut self, wakers: &mut Vec<Waker>) {
        let waits = self.waits.drain();
        wakers.extend(waits.filter_map(|(_, flush)| flush.waker));
    }
}
