//! What answers a request.

use tuyau_wire::{Record, Signed};

use super::Receipt;

/// What the router gave.
#[derive(Debug)]
pub(super) enum Answer {
    Receipt(Receipt),
    Record(Box<Signed<Record>>),
}

/// What a request is answered with when it is carried out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    Receipt(Receipt),
    Record,
}

impl From<Receipt> for Expected {
    fn from(receipt: Receipt) -> Self {
        Self::Receipt(receipt)
    }
}

impl Expected {
    /// The answer, when it is of the right kind; else what was found instead.
    pub(super) fn answer(self, found: Option<Signed<Record>>) -> Result<Answer, &'static str> {
        match (self, found) {
            (Self::Receipt(receipt), None) => Ok(Answer::Receipt(receipt)),
            (Self::Record, Some(record)) => Ok(Answer::Record(Box::new(record))),
            (Self::Receipt(_), Some(_)) => Err("a record for a request that was not a lookup"),
            (Self::Record, None) => Err("an accept for a lookup"),
        }
    }
}
