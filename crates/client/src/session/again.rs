//! Sending the same messages in one session after another, under the same numbers.

use std::{future::poll_fn, sync::Arc};

use super::{Desk, RequestError, Session, handles::Lane, sender::SendOptions};
use crate::Destination;

/// What messages have in common, for any session.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    lane: Arc<Lane>,
}

impl Way {
    pub(crate) fn new(to: Destination, options: SendOptions) -> Self {
        let lane = Arc::new(Lane::new(to.into(), options));
        Self { lane }
    }
}

impl Session {
    /// Binds handles to all that will be sent again, so that nothing has to be bound among messages
    /// whose numbers leave no room for that.
    pub(crate) async fn prepare(
        &self,
        ways: impl Iterator<Item = &Way>,
    ) -> Result<(), RequestError> {
        for way in ways {
            let prepare = |desk: &mut Desk| desk.prepare(&way.lane);
            self.shared().when_room(prepare).await?;
        }
        Ok(())
    }

    /// Sends a message, under the number that it had before if it had one, and gives its number. What
    /// becomes of it is told by [`settled`](Self::settled).
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    pub(crate) async fn post_together(
        &self,
        way: &Way,
        before: Option<u64>,
        body: &[u8],
    ) -> Result<u64, RequestError> {
        let post = |desk: &mut Desk| desk.post_together(&way.lane, before, body);
        self.shared().when_room(post).await
    }

    /// What became of messages that were sent so, as soon as there is something to tell; `None` when
    /// the session is over.
    pub(crate) async fn settled(&self) -> Option<Vec<(u64, Result<(), RequestError>)>> {
        let outcomes = poll_fn(|cx| self.shared().with(|desk| desk.poll_together(cx))).await?;
        let settled = outcomes.into_iter();
        Some(
            settled
                .map(|(sequence, outcome)| (sequence, outcome.map(drop)))
                .collect(),
        )
    }

    /// The same without waiting; nothing when there is nothing to tell.
    pub(crate) fn take_settled(&self) -> Vec<(u64, Result<(), RequestError>)> {
        let outcomes = self.shared().lock().open.take_together();
        let settled = outcomes.into_iter();
        settled
            .map(|(sequence, outcome)| (sequence, outcome.map(drop)))
            .collect()
    }

    /// The last number that was used.
    pub(crate) fn last(&self) -> u64 {
        self.shared().lock().last()
    }

    /// Lets all numbers from now on be greater than this one.
    pub(crate) fn advance(&self, last: u64) {
        self.shared().lock().advance(last);
    }
}
