//! What shall go wrong.

use std::{fmt, time::Duration};

/// What goes wrong in one direction of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    pub(super) delay: Duration,
    pub(super) short: Option<usize>,
    /// In ascending order.
    pub(super) corrupt: Vec<u64>,
    pub(super) cut: Option<u64>,
    pub(super) stall: Option<u64>,
}

impl Trouble {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Each read or write that moves bytes first waits for this time.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// A read or write moves at most `bytes` bytes, at least 1.
    pub fn short(mut self, bytes: usize) -> Self {
        self.short = Some(bytes.max(1));
        self
    }

    /// All bits of byte number `at`, counted from 0, are turned over. May be said several times.
    pub fn corrupt(mut self, at: u64) -> Self {
        if let Err(place) = self.corrupt.binary_search(&at) {
            self.corrupt.insert(place, at);
        }
        self
    }

    /// After `after` bytes the flow beneath is dropped, and both directions fail.
    pub fn cut(mut self, after: u64) -> Self {
        self.cut = Some(after);
        self
    }

    /// After `after` bytes nothing moves in this direction any more: reads or writes wait for ever.
    pub fn stall(mut self, after: u64) -> Self {
        self.stall = Some(after);
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        let mut part = |text: fmt::Arguments<'_>| {
            let result = write!(f, "{comma} {text}");
            comma = ",";
            result
        };
        if !self.delay.is_zero() {
            part(format_args!("delayed by {:?}", self.delay))?;
        }
        if let Some(bytes) = self.short {
            part(format_args!("at most {bytes} B at once"))?;
        }
        for at in &self.corrupt {
            part(format_args!("byte {at} changed"))?;
        }
        if let Some(after) = self.cut {
            part(format_args!("cut after {after} B"))?;
        }
        if let Some(after) = self.stall {
            part(format_args!("stalled after {after} B"))?;
        }
        Ok(())
    }
}

/// What goes wrong in both directions of a flow, nothing unless given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub(super) read: Trouble,
    pub(super) write: Trouble,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets what goes wrong with what this side reads.
    pub fn read(mut self, trouble: Trouble) -> Self {
        self.read = trouble;
        self
    }

    /// Sets what goes wrong with what this side writes.
    pub fn write(mut self, trouble: Trouble) -> Self {
        self.write = trouble;
        self
    }
}

/// As a report shows it after the endpoint.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, trouble) in [("reads", &self.read), ("writes", &self.write)] {
            if *trouble != Trouble::none() {
                write!(f, " {name}{trouble}")?;
            }
        }
        Ok(())
    }
}
