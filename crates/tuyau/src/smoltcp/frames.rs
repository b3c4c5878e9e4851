//! Frames on their way between a device that is polled and a stack that is called.

use std::collections::VecDeque;

use ::smoltcp::{
    phy::{self, DeviceCapabilities},
    time::Instant,
};

use super::{Device, Medium, empty::is_empty_datagram, syn::Ends};

/// How many frames a stack may hand over before the device has taken one.
const SENDING: usize = 64;
/// How many empty buffers are kept.
const SPARE: usize = 2 * SENDING;

/// What smoltcp sees as its device: two queues.
#[derive(Debug)]
pub(super) struct Frames {
    medium: Medium,
    capabilities: DeviceCapabilities,
    received: VecDeque<Vec<u8>>,
    sending: VecDeque<Vec<u8>>,
    /// How many of these the stack handed over before it was last given the chance to send.
    earlier: usize,
    spare: Vec<Vec<u8>>,
}

impl Frames {
    pub(super) fn of(device: &impl Device) -> Self {
        let (medium, header) = (device.medium(), device.medium().header());
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = match medium {
            Medium::Ethernet => phy::Medium::Ethernet,
            Medium::Ip => phy::Medium::Ip,
        };
        capabilities.max_transmission_unit = device.mtu() + header;
        Self {
            medium,
            capabilities,
            received: VecDeque::new(),
            sending: VecDeque::new(),
            earlier: 0,
            spare: Vec::new(),
        }
    }

    /// A buffer for the largest frame.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.resize(self.capabilities.max_transmission_unit, 0);
        buffer
    }

    /// Takes a buffer back.
    pub(super) fn recycle(&mut self, buffer: Vec<u8>) {
        if self.spare.len() < SPARE {
            self.spare.push(buffer);
        }
    }

    pub(super) fn push_received(&mut self, frame: Vec<u8>) {
        self.received.push_back(frame);
    }

    pub(super) fn received(&self) -> usize {
        self.received.len()
    }

    /// The frame that the stack receives next.
    pub(super) fn next(&self) -> Option<&[u8]> {
        self.received.front().map(|frame| &**frame)
    }

    pub(super) fn drop_next(&mut self) {
        if let Some(frame) = self.received.pop_front() {
            self.recycle(frame);
        }
    }

    /// Sends a frame that the stack did not make, if there is room.
    pub(super) fn push_sending(&mut self, frame: Vec<u8>) {
        if !self.is_full() {
            self.sending.push_back(frame);
        }
    }

    /// The frame to be sent next.
    pub(super) fn outgoing(&self) -> Option<&[u8]> {
        self.sending.front().map(|frame| &**frame)
    }

    pub(super) fn sent(&mut self) {
        if let Some(frame) = self.sending.pop_front() {
            self.recycle(frame);
        }
    }

    /// The stack is about to send.
    pub(super) fn begin(&mut self) {
        self.earlier = self.sending.len();
    }

    /// Whether a flow's datagram of no bytes was among the last that the stack has sent.
    pub(super) fn have_empty(&self, ends: Ends) -> bool {
        let mut last = self.sending.iter().skip(self.earlier);
        last.any(|frame| is_empty_datagram(frame, self.medium, ends))
    }

    /// Whether one more frame can be handed over.
    pub(super) fn has_room(&self) -> bool {
        !self.is_full()
    }

    fn is_full(&self) -> bool {
        self.sending.len() >= SENDING
    }
}

impl phy::Device for Frames {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn capabilities(&self) -> DeviceCapabilities {
        self.capabilities.clone()
    }

    fn receive(&mut self, _now: Instant) -> Option<(Received, Sending<'_>)> {
        let frame = self.received.pop_front()?;
        Some((Received(frame), Sending(self)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
        (!self.is_full()).then_some(Sending(self))
    }
}

/// A frame for the stack.
pub(super) struct Received(Vec<u8>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

/// Room for a frame from the stack.
pub(super) struct Sending<'a>(&'a mut Frames);

impl phy::TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut frame = self.0.spare.pop().unwrap_or_default();
        frame.clear();
        frame.resize(length, 0);
        let result = write(&mut frame);
        if self.0.is_full() {
            // An immediate answer to a received frame has no room of its own: it is lost, as it
            // would be in a device's queue.
            self.0.recycle(frame);
        } else {
            self.0.sending.push_back(frame);
        }
        result
    }
}
