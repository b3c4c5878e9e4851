//! A wire in memory between two stacks.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{Device, Medium};

/// How many frames are on the way in one direction before the sender has to wait.
const CAPACITY: usize = 256;

/// One end of a wire in memory. While the other end is gone, frames vanish, as with a cable that is
/// not plugged in.
#[derive(Debug)]
pub struct Wire {
    settings: WireSettings,
    out: Line,
    input: Line,
    chance: Chance,
}

/// What a [`Wire`] carries, and how well: by default Ethernet with an MTU of 1,500 bytes, perfectly.
#[derive(Clone, Copy, Debug)]
pub struct WireSettings {
    medium: Medium,
    mtu: usize,
    lost: u8,
    reordered: u8,
    seed: u64,
}

impl Default for WireSettings {
    fn default() -> Self {
        Self {
            medium: Medium::Ethernet,
            mtu: 1500,
            lost: 0,
            reordered: 0,
            seed: 0,
        }
    }
}

impl WireSettings {
    /// A perfect wire for Ethernet frames with an MTU of 1,500 bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what a frame is.
    pub fn medium(mut self, medium: Medium) -> Self {
        self.medium = medium;
        self
    }

    /// Sets the largest IP packet, in bytes; see [`Device::mtu`].
    pub fn mtu(mut self, mtu: usize) -> Self {
        self.mtu = mtu;
        self
    }

    /// Loses this share of the frames, in percent, for tests.
    pub fn lose(mut self, percent: u8) -> Self {
        self.lost = percent;
        self
    }

    /// Lets the next frame overtake this share of the frames, in percent, for tests.
    pub fn reorder(mut self, percent: u8) -> Self {
        self.reordered = percent;
        self
    }

    /// Sets the seed of the random choices: the same frames and the same seed, the same fate.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Makes the two ends.
    pub fn pair(self) -> (Wire, Wire) {
        let (left, right) = (Line::default(), Line::default());
        let near = Wire {
            settings: self,
            out: left.clone(),
            input: right.clone(),
            chance: Chance(self.seed),
        };
        let far = Wire {
            settings: self,
            out: right,
            input: left,
            chance: Chance(!self.seed),
        };
        (near, far)
    }
}

impl Device for Wire {
    fn medium(&self) -> Medium {
        self.settings.medium
    }

    fn mtu(&self) -> usize {
        self.settings.mtu
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut line = self.input.lock();
        let Some(frame) = line.frames.pop_front() else {
            line.receiver = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let sender = line.sender.take();
        drop(line);
        wake(sender);
        let length = frame.len().min(buffer.len());
        buffer[..length].copy_from_slice(&frame[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        let mut line = self.out.lock();
        if line.unplugged {
            return Poll::Ready(Ok(()));
        }
        if line.frames.len() >= CAPACITY {
            line.sender = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if self.chance.hits(self.settings.lost) {
            return Poll::Ready(Ok(()));
        }
        let overtaken = line.held.take();
        if overtaken.is_none() && self.chance.hits(self.settings.reordered) {
            line.held = Some(frame.to_vec());
            return Poll::Ready(Ok(()));
        }
        line.frames.push_back(frame.to_vec());
        line.frames.extend(overtaken);
        let receiver = line.receiver.take();
        drop(line);
        wake(receiver);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut line = self.input.lock();
        line.unplugged = true;
        line.frames = VecDeque::new();
        let sender = line.sender.take();
        drop(line);
        wake(sender);
    }
}

/// One direction.
#[derive(Clone, Debug, Default)]
struct Line(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Vec<u8>>,
    /// The frame that the next one overtakes.
    held: Option<Vec<u8>>,
    receiver: Option<Waker>,
    sender: Option<Waker>,
    unplugged: bool,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Random choices from a seed (SplitMix64), which need not be hard to guess.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn hits(&mut self, percent: u8) -> bool {
        if percent == 0 {
            return false;
        }
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 100 < u64::from(percent)
    }
}
