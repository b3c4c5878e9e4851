//! That nothing else was disturbed.

use tuyau::stack::Stack;
use tuyau_core::Address;
use tuyau_router::{Source, Timestamp};
use tuyau_wire::Identity;

use super::{Peer, TestRouter, key, stack};

/// What must stay of a row.
type Row = (Identity, Vec<Address>, Source, Timestamp, Option<u64>);

/// Two services that talk to each other over the router while something else goes wrong.
pub(crate) struct Witness {
    sender: Peer,
    recipient: Peer,
    processed: u64,
    rows: Vec<Row>,
}

impl Witness {
    /// Connects the services, one of which registers, and notes the state.
    pub(crate) async fn new(router: &TestRouter) -> Self {
        Self::with(router, &stack(201), &stack(202)).await
    }

    /// Like [`new`](Self::new), over these stacks.
    pub(crate) async fn with(router: &TestRouter, sender: &Stack, recipient: &Stack) -> Self {
        let mut recipient = router.greet(202, recipient).await;
        let record = recipient.record("tls://127.0.0.1:9");
        assert_eq!(recipient.listen(record).await, None);
        let mut witness = Self {
            sender: router.greet(201, sender).await,
            recipient,
            processed: 0,
            rows: Vec::new(),
        };
        witness.talk().await;
        witness.note(router).await;
        witness
    }

    /// Notes the state of the router as the one that must stay.
    pub(crate) async fn note(&mut self, router: &TestRouter) {
        (self.processed, self.rows) = state(router).await;
    }

    /// A message gets from one service to the other.
    pub(crate) async fn talk(&mut self) {
        let to = key(202).identity();
        assert_eq!(self.sender.send(to, b"still here?").await, None);
        let (from, body) = self.recipient.delivery().await;
        assert_eq!(
            (from, &body[..]),
            (key(201).identity(), &b"still here?"[..])
        );
        self.processed += 1;
    }

    /// The services still talk, and the state is what it was but for that.
    pub(crate) async fn check(&mut self, router: &TestRouter) {
        self.talk().await;
        let (processed, rows) = state(router).await;
        assert_eq!(processed, self.processed, "the count has changed");
        assert_eq!(rows, self.rows, "the table has changed");
    }
}

async fn state(router: &TestRouter) -> (u64, Vec<Row>) {
    let view = router.router.view(0, usize::MAX).await.unwrap();
    let rows = view.rows.into_iter();
    let rows = rows.map(|row| (row.identity, row.routes, row.source, row.since, row.expires));
    (view.processed, rows.collect())
}
