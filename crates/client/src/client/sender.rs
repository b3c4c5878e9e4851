//! Sending to one destination by whichever router there is.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::sync::oneshot;
use tuyau_wire::{Class, Level};

use super::Client;
use crate::{Destination, Posted, RequestError, SendOptions, Sender, SessionError, session::Way};

/// Sends to one destination in one way, by whichever router a [`Client`] has a session with.
pub struct ClientSender {
    client: Client,
    to: Destination,
    options: SendOptions,
    way: Way,
    /// What sends by the session that there was last.
    sender: Mutex<Option<Sender>>,
}

impl ClientSender {
    fn new(client: Client, to: Destination, options: SendOptions) -> Self {
        Self {
            way: Way::new(to.clone(), options),
            client,
            to,
            options,
            sender: Mutex::new(None),
        }
    }

    /// Sends a body and waits for the receipt that was asked for. For a durable message it waits for
    /// as long as that takes, over any number of sessions.
    ///
    /// # Errors
    /// When the router refuses, with its reason; when the body is longer than the router accepts; when
    /// the client is closed; and unless it is durable, when the session is lost.
    ///
    /// # Cancel safety
    /// What was given up may have been sent, or may yet be.
    pub async fn send(&self, body: impl AsRef<[u8]>) -> Result<(), RequestError> {
        self.post(body).await?.await
    }

    /// Gives a body its place in the order, as soon as there is room for it, and gives what tells the
    /// rest. What is not durable waits for a session and for credit.
    ///
    /// # Errors
    /// When the client is closed; unless it is durable, when the body is longer than the router
    /// accepts.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    pub async fn post(&self, body: impl AsRef<[u8]>) -> Result<Sent, RequestError> {
        let body = body.as_ref();
        if !self.is_kept() {
            return Ok(Sent(Kind::Once(self.once().await?.post(body).await?)));
        }
        let body = Bytes::copy_from_slice(body);
        match self.client.inner().outbox.push(&self.way, body).await {
            Some(done) => Ok(Sent(Kind::Kept(done))),
            None => Err(closed()),
        }
    }

    /// Whether messages are kept until there is a receipt. Without one nobody could say until when.
    fn is_kept(&self) -> bool {
        self.options.class == Class::Durable && self.options.level != Level::None
    }

    /// What sends by the present session.
    async fn once(&self) -> Result<Sender, RequestError> {
        let known = self.known().clone();
        if let Some(sender) = known.filter(|sender| !sender.session().has_ended()) {
            return Ok(sender);
        }
        let session = self.client.session().await?;
        let sender = session.sender(self.to.clone(), self.options);
        *self.known() = Some(sender.clone());
        Ok(sender)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Sender>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> RequestError {
    RequestError::Lost(SessionError::closed())
}

impl Client {
    /// What sends to one destination in one way.
    pub fn sender(&self, to: impl Into<Destination>, options: SendOptions) -> ClientSender {
        ClientSender::new(self.clone(), to.into(), options)
    }
}

impl fmt::Debug for ClientSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender")
            .field("to", &self.to)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What becomes of a message: ready when it has come as far as its sender wants to be told, or was
/// refused. Dropping it changes nothing for the message.
#[derive(Debug)]
#[must_use = "it tells whether the message got through; drop it where that is of no interest"]
pub struct Sent(Kind);

#[derive(Debug)]
enum Kind {
    Once(Posted),
    Kept(oneshot::Receiver<Result<(), RequestError>>),
}

impl Future for Sent {
    type Output = Result<(), RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Kind::Once(posted) => Pin::new(posted).poll(cx),
            Kind::Kept(done) => {
                let done = ready!(Pin::new(done).poll(cx));
                Poll::Ready(done.unwrap_or_else(|_| Err(closed())))
            }
        }
    }
}
