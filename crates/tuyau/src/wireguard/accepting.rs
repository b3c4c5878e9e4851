//! Carriers that come from a listener.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tuyau_core::{AnyDatagrams, Datagrams, Listener};

/// How many handshakes of carriers are under way at a time; further ones wait in the listener.
const HANDSHAKES: usize = 64;
/// How long a carrier's own handshake may take, as that of datagrams over QUIC does.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where peers come from that dial us.
pub(super) trait Accepting: Send {
    /// The next carrier; `now` is the time by which handshakes are given up.
    fn poll_next(&mut self, cx: &mut Context<'_>, now: Duration) -> Poll<AnyDatagrams>;
}

/// Handshakes of a listener, in flight.
pub(super) struct Accepted<L: Listener> {
    listener: L,
    handshakes: Vec<Handshake<L>>,
}

struct Handshake<L: Listener> {
    done: Pin<Box<L::Handshake>>,
    until: Duration,
}

impl<L: Listener> Accepted<L> {
    pub(super) fn new(listener: L) -> Self {
        let handshakes = Vec::new();
        Self {
            listener,
            handshakes,
        }
    }
}

impl<L: Listener> Accepting for Accepted<L>
where
    L::Flow: Datagrams,
{
    fn poll_next(&mut self, cx: &mut Context<'_>, now: Duration) -> Poll<AnyDatagrams> {
        self.handshakes.retain(|handshake| now < handshake.until);
        while self.handshakes.len() < HANDSHAKES {
            match self.listener.poll_accept(cx) {
                Poll::Ready(Ok(incoming)) => self.handshakes.push(Handshake {
                    done: Box::pin(incoming.handshake),
                    until: now + DEADLINE,
                }),
                // It concerns one connection; the next one is looked for at the next chance.
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        let mut index = 0;
        while index < self.handshakes.len() {
            let Poll::Ready(done) = self.handshakes[index].done.as_mut().poll(cx) else {
                index += 1;
                continue;
            };
            // In the order in which they came.
            drop(self.handshakes.remove(index));
            if let Ok(flow) = done {
                return Poll::Ready(AnyDatagrams::new(flow));
            }
        }
        Poll::Pending
    }
}
