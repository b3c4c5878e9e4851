//! Whether a peer that says nothing is still there.
//!
//! A connection whose other end has gone without a word looks like one on which there is nothing to
//! say. So a peer that was silent for a while is asked for a pong. While something comes now and then,
//! that costs no more than one look in that time: no timer is set or cleared for a message.

use std::task::{Context, Poll, ready};

use tokio::time::Instant;
use tuyau_wire::Message;

use super::{Awaited, SessionIo};

impl SessionIo {
    /// A whole message has come. The deadline of its frame stays where it is, and becomes the next look
    /// at whether the peer is there.
    pub(super) fn hear(&mut self) {
        let Some(ping) = self.bounds.ping else {
            self.awaited = Awaited::Frame;
            return self.deadline.clear();
        };
        self.heard = !matches!(self.awaited, Awaited::Hello | Awaited::Pong);
        if !self.heard {
            self.deadline.set(Instant::now() + ping);
        }
        self.awaited = Awaited::Word;
    }

    /// Ready when what was awaited has not come; a peer that says nothing is asked before. While it is
    /// not read (`paused`), nothing can be said about it.
    pub(super) fn poll_late(&mut self, paused: bool, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.awaited != Awaited::Word {
                ready!(self.deadline.poll(cx));
            } else {
                ready!(self.deadline.poll_lazily(cx));
            }
            let now = Instant::now();
            match (self.awaited, self.bounds.ping) {
                (Awaited::Word, Some(ping)) if self.heard || paused => {
                    self.heard = false;
                    self.deadline.set(now + ping);
                }
                (Awaited::Word, Some(_)) => {
                    // Not by way of the queue: it is no traffic for which a session is kept.
                    Message::Ping { token: 0 }.encode_frame(&mut self.output);
                    cx.waker().wake_by_ref();
                    self.awaited = Awaited::Pong;
                    self.deadline.set(now + self.bounds.frame);
                }
                // The pong may have come already.
                (Awaited::Pong, _) if paused => self.deadline.set(now + self.bounds.frame),
                _ => return Poll::Ready(()),
            }
        }
    }
}
