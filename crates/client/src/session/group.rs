//! Groups: joining them, publishing to them, and what their key says about them.

use tuyau_wire::{Grant, Identity, Message, Rules, Signed};

use super::{
    Session,
    error::RequestError,
    open::Awaited,
    sender::{Destination, SendOptions},
};

/// How a group is joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinOptions {
    /// Whether durable messages are kept for this service from now on, also while it is away, until it
    /// leaves; otherwise it is a member for as long as the session lasts.
    pub durable: bool,
    /// What allows it to join, where the group is restricted.
    pub grant: Option<Signed<Grant>>,
}

impl JoinOptions {
    /// A member until it leaves.
    pub const DURABLE: Self = Self {
        durable: true,
        grant: None,
    };

    /// The same, with what allows it.
    pub fn grant(mut self, grant: Signed<Grant>) -> Self {
        self.grant = Some(grant);
        self
    }
}

impl Session {
    /// Joins a group: what others publish to it comes with [`next`](Self::next) from now on.
    ///
    /// # Errors
    /// When the router refuses, with its reason
    /// ([`RejectCode::NoGrant`](tuyau_wire::RejectCode::NoGrant) where the group is restricted), does
    /// not answer in time or is lost.
    ///
    /// # Cancel safety
    /// What was given up may have been carried out.
    pub async fn join(&self, group: Identity, options: JoinOptions) -> Result<(), RequestError> {
        let joining = self.ask(Awaited::Done, |sequence, _| {
            Ok(Message::Join {
                sequence,
                group,
                durable: options.durable,
                grant: options.grant.clone(),
            })
        });
        joining.await.map(drop)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// When the router refuses, does not answer in time or is lost.
    ///
    /// # Cancel safety
    /// What was given up may have been carried out.
    pub async fn leave(&self, group: Identity) -> Result<(), RequestError> {
        let leaving = self.ask(Awaited::Done, |sequence, _| {
            Ok(Message::Leave { sequence, group })
        });
        leaving.await.map(drop)
    }

    /// Publishes a body to an open group, at most once, and waits until the router has taken it.
    /// Nobody being in the group is no error. For another way, or a restricted group, take
    /// [`sender`](Self::sender) with [`Destination::group`].
    ///
    /// # Errors
    /// Those of [`Sender::send`](super::Sender::send).
    ///
    /// # Cancel safety
    /// What was given up may have been sent, or may yet be.
    pub async fn publish(
        &self,
        group: Identity,
        body: impl AsRef<[u8]>,
    ) -> Result<(), RequestError> {
        let group = Destination::group(group, None);
        self.sender(group, SendOptions::FAST).send(body).await
    }

    /// Gives the router the rules of a group, in place of those with a lesser number. Whoever has
    /// them may do so: the group's key signed them.
    ///
    /// # Errors
    /// When the router refuses, does not answer in time or is lost.
    ///
    /// # Cancel safety
    /// What was given up may have been carried out.
    pub async fn declare(&self, rules: Signed<Rules>) -> Result<(), RequestError> {
        let declaring = self.ask(Awaited::Done, |sequence, _| {
            let rules = rules.clone();
            Ok(Message::Declare { sequence, rules })
        });
        declaring.await.map(drop)
    }
}
