//! A server and what dials it.

use std::{future::Future, pin::Pin};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{End, Lost};

type Dialling<N> = Pin<Box<dyn Future<Output = Result<N, Lost>>>>;

/// A server on loopback whose accepted connections can be taken, and what dials it.
pub struct Stack<N, F> {
    dial: Box<dyn Fn() -> Dialling<N>>,
    accepted: Receiver<F>,
}

impl<N: End, F: End> Stack<N, F> {
    /// A stack of a function that dials, and of a server task that hands over what it accepted.
    pub fn new<D>(dial: impl Fn() -> D + 'static, serve: impl FnOnce(Sender<F>)) -> Self
    where
        D: Future<Output = Result<N, Lost>> + 'static,
    {
        let (sender, accepted) = channel(1);
        serve(sender);
        Self {
            dial: Box::new(move || Box::pin(dial())),
            accepted,
        }
    }

    /// Dials, and gives both ends, each of them usable.
    ///
    /// # Errors
    /// When dialling fails or the server is gone.
    pub async fn pair(&mut self) -> Result<(N, F), Lost> {
        let near = (self.dial)().await?;
        let far = self.accepted.recv().await;
        let far = far.ok_or(Lost::Missing { sent: 1, came: 0 })?;
        Ok((near, far))
    }
}
