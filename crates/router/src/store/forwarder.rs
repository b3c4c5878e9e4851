//! The way to other routers.

mod memory;
#[cfg(test)]
mod tests;

use std::{error::Error, fmt};

pub use memory::{MemoryForwarder, MemoryNetwork};

use super::{Id, Message};

/// Hands messages to other routers, and takes what they hand to this one.
///
/// A parcel is *settled* once, when the other router has answered for it or cannot be reached any
/// more; until then its message is the sender's. Parcels from one router to another arrive in
/// order. Calls do not wait.
pub trait Forwarder: Send {
    /// Hands a message to another router, and gives the number under which it will be settled.
    ///
    /// # Errors
    /// When it is not taken, at once.
    fn forward(&mut self, to: Id, parcel: Parcel) -> Result<u64, ForwardError>;

    /// Takes at most `most` parcels that came, in order.
    fn arrivals(&mut self, most: usize) -> Vec<Arrival>;

    /// Says what became of a parcel that came. The first answer counts.
    fn answer(&mut self, arrival: &Arrival, verdict: Verdict);

    /// Takes what was said of at most `most` parcels that were forwarded.
    fn settled(&mut self, most: usize) -> Vec<Settled>;
}

/// A message on its way to another router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The message; its recipients are those that are at home there.
    pub message: Message,
    /// Whether it must be stored before it is answered.
    pub durable: bool,
    /// The epoch of the lease by which the other router is home to the recipients, as far as the
    /// sender knows. One that has a higher one, or none, answers [`Verdict::Moved`].
    pub epoch: u64,
}

/// A parcel that came from another router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// From which router.
    pub from: Id,
    /// The number that router gave it.
    pub number: u64,
    /// What came.
    pub parcel: Parcel,
}

/// What became of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The other router has it, and has stored it when it is durable.
    Taken,
    /// The recipients are at home elsewhere now: ask the directory again.
    Moved,
    /// The recipients' mailboxes are full.
    Full,
    /// The other router is gone; it may have it or not. A durable one is sent again, and is known
    /// by its sender's number if it came before.
    Unknown,
}

/// What was said of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The number that [`Forwarder::forward`] gave.
    pub number: u64,
    /// What became of it.
    pub verdict: Verdict,
}

/// Why a parcel is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardError {
    kind: ForwardErrorKind,
    to: Id,
}

/// The kinds of [`ForwardError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardErrorKind {
    /// There is no way to that router.
    Unreachable,
    /// As much is under way to it as may be.
    Busy,
}

impl ForwardError {
    /// What is wrong.
    pub fn kind(&self) -> ForwardErrorKind {
        self.kind
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ForwardErrorKind::Unreachable => {
                write!(f, "there is no way to the router {}", self.to)
            }
            ForwardErrorKind::Busy => write!(
                f,
                "as much is under way to the router {} as may be; wait until some is settled",
                self.to
            ),
        }
    }
}

impl Error for ForwardError {}
