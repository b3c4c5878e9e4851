//! The datagrams that carry a tunnel.

use std::{
    collections::VecDeque,
    future::Future,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tuyau_core::{AnyDatagrams, Datagrams, ErrorKind, Listener, PeerAddress};

/// How many datagrams wait for a carrier that takes none; further ones are dropped.
const QUEUE: usize = 64;
/// How many carriers that no peer uses are kept: any sender of a datagram makes one.
const STRANGERS: usize = 64;
/// After how many errors in a row, without a wait between them, a carrier is taken for gone.
const ERRORS: u32 = 8;

/// Where peers come from that dial us.
pub(super) trait Accepting: Send {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<AnyDatagrams>;
}

/// Handshakes of a listener, in flight.
pub(super) struct Accepted<L: Listener> {
    listener: L,
    handshakes: Vec<Pin<Box<L::Handshake>>>,
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
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<AnyDatagrams> {
        while self.handshakes.len() < STRANGERS {
            match self.listener.poll_accept(cx) {
                Poll::Ready(Ok(incoming)) => self.handshakes.push(Box::pin(incoming.handshake)),
                // It concerns one connection; the next one is looked for at the next chance.
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        let mut index = 0;
        while index < self.handshakes.len() {
            let Poll::Ready(done) = self.handshakes[index].as_mut().poll(cx) else {
                index += 1;
                continue;
            };
            drop(self.handshakes.swap_remove(index));
            if let Ok(flow) = done {
                return Poll::Ready(AnyDatagrams::new(flow));
            }
        }
        Poll::Pending
    }
}

/// One exchange of datagrams, by its number.
struct Carrier {
    number: u64,
    datagrams: AnyDatagrams,
    queue: VecDeque<Vec<u8>>,
    errors: u32,
}

/// All of them.
#[derive(Default)]
pub(super) struct Carriers {
    list: Vec<Carrier>,
    next: u64,
}

impl Carriers {
    /// Adds a carrier. When strangers are too many, the oldest goes; `used` says who is none.
    pub(super) fn add(&mut self, datagrams: AnyDatagrams, used: impl Fn(u64) -> bool) -> u64 {
        let strangers = self.list.iter().filter(|it| !used(it.number)).count();
        if strangers >= STRANGERS
            && let Some(oldest) = self.list.iter().position(|it| !used(it.number))
        {
            self.list.remove(oldest);
        }
        let number = self.next;
        self.next += 1;
        self.list.push(Carrier {
            number,
            datagrams,
            queue: VecDeque::new(),
            errors: 0,
        });
        number
    }

    /// The address of who is at the other end, where the carrier knows it.
    pub(super) fn address(&self, number: u64) -> Option<IpAddr> {
        let carrier = self.list.iter().find(|it| it.number == number)?;
        let peer = carrier.datagrams.info::<PeerAddress>()?;
        Some(peer.0.socket()?.ip())
    }

    /// Sends a datagram when its carrier takes it.
    pub(super) fn push(&mut self, number: u64, datagram: &[u8]) {
        let carrier = self.list.iter_mut().find(|it| it.number == number);
        if let Some(carrier) = carrier.filter(|it| it.queue.len() < QUEUE) {
            carrier.queue.push_back(datagram.to_vec());
        }
    }

    /// Sends what the carriers take. What a carrier refuses is lost.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        for carrier in &mut self.list {
            while let Some(datagram) = carrier.queue.front() {
                if carrier.datagrams.poll_send(cx, datagram).is_pending() {
                    break;
                }
                carrier.queue.pop_front();
            }
        }
    }

    /// The next datagram of any carrier: whose, and how long it is.
    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<(u64, usize)> {
        let mut index = 0;
        while let Some(carrier) = self.list.get_mut(index) {
            match carrier.datagrams.poll_receive(cx, buffer) {
                Poll::Ready(Ok(length)) => {
                    let number = carrier.number;
                    // The others come first the next time.
                    self.list.rotate_left(index + 1);
                    return Poll::Ready((number, length));
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::TooLarge => {}
                Poll::Ready(Err(_)) => {
                    carrier.errors += 1;
                    if carrier.errors >= ERRORS {
                        self.list.remove(index);
                    }
                }
                Poll::Pending => {
                    carrier.errors = 0;
                    index += 1;
                }
            }
        }
        Poll::Pending
    }
}
