//! Which of many connections have something to read.

use std::{io, mem::MaybeUninit, os::fd::OwnedFd, time::Duration};

use rustix::event::{Timespec, epoll};

use crate::{Wire, wire::PATIENCE};

/// How many connections are told of at once.
const MOST: usize = 256;

/// A set of connections.
pub struct Poll(OwnedFd);

impl Poll {
    /// The set, in which each has its place as its number.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new<'a>(wires: impl Iterator<Item = &'a Wire>) -> io::Result<Self> {
        let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (index, wire) in wires.enumerate() {
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&set, wire, data, epoll::EventFlags::IN)?;
        }
        Ok(Self(set))
    }

    /// Waits for those who have something.
    ///
    /// # Errors
    /// `WouldBlock` when all of them are silent for long.
    pub fn wait(&mut self) -> io::Result<Vec<usize>> {
        let ready = self.wait_for(PATIENCE)?;
        if ready.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(ready)
    }

    /// Waits for those who have something, and not longer than this.
    ///
    /// # Errors
    /// Those of the system.
    pub fn wait_for(&mut self, time: Duration) -> io::Result<Vec<usize>> {
        let time = Timespec::try_from(time).map_err(io::Error::other)?;
        let mut events = [MaybeUninit::uninit(); MOST];
        let (events, _) = epoll::wait(&self.0, &mut events, Some(&time))?;
        let ready = events.iter().map(|event| event.data.u64() as usize);
        Ok(ready.collect())
    }
}
