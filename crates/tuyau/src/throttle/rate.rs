//! How fast bytes may pass.

use std::fmt;

/// How many bytes may pass in a second, and how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    pub(super) per_second: u64,
    pub(super) burst: u64,
}

impl Rate {
    /// This many bytes a second, at least 1, and as many at once as pass in a tenth of a second.
    pub fn per_second(bytes: u64) -> Self {
        let per_second = bytes.max(1);
        Self {
            per_second,
            burst: per_second.div_ceil(10),
        }
    }

    /// Sets how many bytes, at least 1, may pass at once after a time of silence.
    pub fn burst(mut self, bytes: u64) -> Self {
        self.burst = bytes.max(1);
        self
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B/s", self.per_second)
    }
}

/// The limits of a flow, none unless given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    pub(super) read: Option<Rate>,
    pub(super) write: Option<Rate>,
}

impl Limits {
    /// No limit in either direction.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same limit in each direction, each with a bucket of its own.
    pub fn both(rate: Rate) -> Self {
        Self::none().read(rate).write(rate)
    }

    /// Limits what this side reads.
    pub fn read(mut self, rate: Rate) -> Self {
        self.read = Some(rate);
        self
    }

    /// Limits what this side writes.
    pub fn write(mut self, rate: Rate) -> Self {
        self.write = Some(rate);
        self
    }
}

/// As a report shows it after the endpoint.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rate) in [("reads", self.read), ("writes", self.write)] {
            if let Some(rate) = rate {
                write!(f, " {name} at {rate}")?;
            }
        }
        Ok(())
    }
}
