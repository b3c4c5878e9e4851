//! The datagrams that carry a tunnel.

use std::{
    collections::VecDeque,
    net::IpAddr,
    task::{Context, Poll},
};

use tuyau_core::{AnyDatagrams, Datagrams, ErrorKind, PeerAddress};

/// How many datagrams wait for a carrier that takes none; further ones are dropped.
const QUEUE: usize = 64;
/// How many carriers that no peer uses are kept: any sender of a datagram makes one.
const STRANGERS: usize = 64;
/// How many of them may come from one IP address, which may be that of many behind a NAT.
const SAME_ADDRESS: usize = 16;
/// After how many errors in a row, without a wait between them, a carrier is taken for gone.
const ERRORS: u32 = 8;

/// One exchange of datagrams, by its number.
struct Carrier {
    number: u64,
    datagrams: AnyDatagrams,
    queue: VecDeque<Vec<u8>>,
    errors: u32,
    /// It was asked for a datagram.
    heard: bool,
}

impl Carrier {
    /// The address of who is at the other end, where the carrier knows it.
    fn address(&self) -> Option<IpAddr> {
        address(&self.datagrams)
    }
}

fn address(datagrams: &AnyDatagrams) -> Option<IpAddr> {
    let peer = datagrams.info::<PeerAddress>()?;
    Some(peer.0.socket()?.ip())
}

/// All of them.
#[derive(Default)]
pub(super) struct Carriers {
    list: Vec<Carrier>,
    next: u64,
}

impl Carriers {
    /// Adds a carrier that nobody uses yet; `used` says of which that is not so. When there are too
    /// many, or too many of its address, the oldest goes whose first datagram was read; where each
    /// one still has to be heard, the new one is given back.
    pub(super) fn admit(
        &mut self,
        datagrams: AnyDatagrams,
        used: impl Fn(u64) -> bool,
    ) -> Result<(), AnyDatagrams> {
        let from = address(&datagrams);
        let stranger = |it: &&Carrier| !used(it.number);
        let same = |it: &&Carrier| from.is_some() && it.address() == from;
        let strangers = || self.list.iter().filter(stranger);
        let crowded = strangers().filter(same).count() >= SAME_ADDRESS;
        if crowded || strangers().count() >= STRANGERS {
            let heard = strangers().filter(|it| it.heard && (!crowded || same(it)));
            let Some(oldest) = heard.map(|it| it.number).min() else {
                return Err(datagrams);
            };
            self.list.retain(|it| it.number != oldest);
        }
        self.add(datagrams);
        Ok(())
    }

    /// Adds a carrier and gives its number.
    pub(super) fn add(&mut self, datagrams: AnyDatagrams) -> u64 {
        let number = self.next;
        self.next += 1;
        self.list.push(Carrier {
            number,
            datagrams,
            queue: VecDeque::new(),
            errors: 0,
            heard: false,
        });
        number
    }

    /// The address of who is at the other end, where the carrier knows it.
    pub(super) fn address(&self, number: u64) -> Option<IpAddr> {
        let carrier = self.list.iter().find(|it| it.number == number)?;
        carrier.address()
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

    /// The next datagram of any carrier: whose, and how long it is; 0 for one that is too long.
    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<(u64, usize)> {
        let mut index = 0;
        while let Some(carrier) = self.list.get_mut(index) {
            carrier.heard = true;
            let received = match carrier.datagrams.poll_receive(cx, buffer) {
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::TooLarge => {
                    Poll::Ready(Ok(0))
                }
                received => received,
            };
            match received {
                Poll::Ready(Ok(length)) => {
                    let number = carrier.number;
                    // The others come first the next time.
                    self.list.rotate_left(index + 1);
                    return Poll::Ready((number, length));
                }
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
