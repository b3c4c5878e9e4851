//! Where a service can be reached: saying so, taking it back, and asking it of others.

use std::time::Duration;

use tuyau_core::Address;
use tuyau_wire::{Identity, Message, Record, Signed, Verified, Withdrawal, capability};

use super::{
    Session,
    error::RequestError,
    lookup::{self, LookupError},
    open::{Answer, Awaited},
};
use crate::sequence::since_1970;

/// What the router accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The sequence number of the record or withdrawal; 0 for a message.
    pub sequence: u64,
    /// When the record expires, in seconds since the begin of 1970; 0 for everything else.
    pub expires: u64,
}

impl Session {
    /// Registers the routes under which this service can be reached, best first, for `lifetime`,
    /// in place of those it registered before. The time of expiry saturates; a router refuses what
    /// lasts longer than it allows.
    ///
    /// # Errors
    /// When the router refuses, does not answer in time or is lost, and when there are no routes or
    /// more than eight.
    ///
    /// # Cancel safety
    /// A request that was given up may have been carried out.
    pub async fn register(
        &self,
        routes: Vec<Address>,
        lifetime: Duration,
    ) -> Result<Receipt, RequestError> {
        let mut receipt = Receipt::default();
        self.ask(Awaited::Done, |sequence, settings| {
            let record = Record {
                identity: settings.key.identity(),
                sequence: settings.sequence.advance(),
                routes: routes.clone(),
                expires: since_1970().saturating_add(lifetime).as_secs(),
            };
            receipt = Receipt {
                sequence: record.sequence,
                expires: record.expires,
            };
            let record = Signed::sign(&settings.key, record).map_err(RequestError::Statement)?;
            Ok(Message::Listen { sequence, record })
        })
        .await?;
        Ok(receipt)
    }

    /// Takes the registration back.
    ///
    /// # Errors
    /// When the router refuses, does not answer in time or is lost.
    ///
    /// # Cancel safety
    /// A request that was given up may have been carried out.
    pub async fn unregister(&self) -> Result<Receipt, RequestError> {
        let mut receipt = Receipt::default();
        self.ask(Awaited::Done, |sequence, settings| {
            let withdrawal = Withdrawal {
                identity: settings.key.identity(),
                sequence: settings.sequence.advance(),
            };
            receipt.sequence = withdrawal.sequence;
            let withdrawal =
                Signed::sign(&settings.key, withdrawal).map_err(RequestError::Statement)?;
            Ok(Message::Unlisten {
                sequence,
                withdrawal,
            })
        })
        .await?;
        Ok(receipt)
    }

    /// Asks for where another service can be reached, so as to connect to it without the router. The
    /// record is one that the service signed, and that has not expired by this machine's clock.
    ///
    /// # Errors
    /// When the router has no record of it ([`RejectCode::Unreachable`]), does not answer lookups or
    /// not in time, is lost, or gives a record that is not to be believed.
    ///
    /// # Cancel safety
    /// Dropping the future gives the question up.
    ///
    /// [`RejectCode::Unreachable`]: tuyau_wire::RejectCode::Unreachable
    pub async fn lookup(&self, identity: Identity) -> Result<Verified<Record>, LookupError> {
        if !self.shared().peer.agreement.has(capability::LOOKUP) {
            return Err(LookupError::NotOffered);
        }
        let answer = self.ask(Awaited::Record, |sequence, _| {
            Ok(Message::Lookup { sequence, identity })
        });
        match answer.await.map_err(LookupError::Request)? {
            Answer::Record(record) => lookup::check(*record, identity),
            _ => unreachable!("a lookup is answered with a record"),
        }
    }
}
