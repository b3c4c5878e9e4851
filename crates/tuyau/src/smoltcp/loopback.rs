//! A stack that talks to itself.

use std::{
    io,
    task::{Context, Poll, Waker},
};

use ::smoltcp::{
    phy::{self, Device as _, RxToken as _, TxToken as _},
    time::Instant,
};

use super::{Device, Medium};

/// How many packets are on the way before the sender has to wait.
const CAPACITY: usize = 256;

/// smoltcp's own loopback: what a network sends is what it receives.
#[derive(Debug)]
pub struct Loopback {
    queue: phy::Loopback,
    length: usize,
    receiver: Option<Waker>,
    sender: Option<Waker>,
}

impl Loopback {
    /// A loopback for IP packets of up to 1,500 bytes, so that a window holds many of them.
    pub fn new() -> Self {
        Self {
            queue: phy::Loopback::new(phy::Medium::Ip),
            length: 0,
            receiver: None,
            sender: None,
        }
    }
}

impl Default for Loopback {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Loopback {
    fn medium(&self) -> Medium {
        Medium::Ip
    }

    fn mtu(&self) -> usize {
        1500
    }

    fn is_loopback(&self) -> bool {
        true
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some((packet, _)) = self.queue.receive(Instant::ZERO) else {
            self.receiver = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let length = packet.consume(|packet| {
            let length = packet.len().min(buffer.len());
            buffer[..length].copy_from_slice(&packet[..length]);
            length
        });
        self.length -= 1;
        if let Some(sender) = self.sender.take() {
            sender.wake();
        }
        Poll::Ready(Ok(length))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        if self.length >= CAPACITY {
            self.sender = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.length += 1;
        if let Some(token) = self.queue.transmit(Instant::ZERO) {
            token.consume(frame.len(), |packet| packet.copy_from_slice(frame));
        }
        if let Some(receiver) = self.receiver.take() {
            receiver.wake();
        }
        Poll::Ready(Ok(()))
    }
}
