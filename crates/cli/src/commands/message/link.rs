//! A connection for receiving, which comes back when it is lost.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tuyau_client::{Client, ClientEvent, Delivery, JoinOptions, LinkError, Notice, RequestError};
use tuyau_core::Chain;
use tuyau_wire::Identity;

use super::{Way, not_open};
use crate::{
    args::ReachArgs,
    commands::{CommandError, CommandErrorKind},
    output::{Output, complain},
};

/// A connection for receiving, which tells what becomes of it.
pub(super) struct Link {
    client: Client,
    events: UnboundedReceiver<ClientEvent>,
    identity: Identity,
    group: Option<Identity>,
    output: Output,
    /// Whether there was a session at all: who cannot be reached at first is not waited for.
    was_connected: bool,
    /// Whether what is sent gets here now.
    ready: bool,
    /// Whether it did before: what comes sooner is given after that.
    was_ready: bool,
}

/// What comes next.
pub(super) enum Next {
    /// A message.
    Message(Box<Delivery>),
    /// From now on what is sent gets here.
    Ready,
}

impl Link {
    /// Begins to connect, and to be in this group.
    pub(super) fn start(
        reach: &ReachArgs,
        group: Option<(Identity, JoinOptions)>,
    ) -> Result<Self, CommandError> {
        let way = Way::new(&reach.via)?;
        let (report, events) = mpsc::unbounded_channel();
        let client = Client::new(way.stack, way.settings)
            .router(way.address, way.router)
            // Nobody listens any more at the end.
            .events(move |event| drop(report.send(event)))
            .start();
        let of = group.as_ref().map(|(group, _)| *group);
        if let Some((group, options)) = group {
            client.join(group, options);
        }
        Ok(Self {
            client,
            events,
            identity: way.identity,
            group: of,
            output: Output::new(reach.json),
            was_connected: false,
            ready: false,
            was_ready: false,
        })
    }

    /// The next message, or that they come from now on.
    ///
    /// # Errors
    /// When the router cannot be reached at first, or does not let this service into the group.
    ///
    /// # Cancel safety
    /// Dropping the future loses no message.
    pub(super) async fn next(&mut self) -> Result<Next, CommandError> {
        loop {
            let ready = becomes_ready(&self.client, self.ready);
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => self.take(event)?,
                delivery = self.client.next(), if self.was_ready => {
                    // The client is closed by this very task.
                    if let Some(delivery) = delivery {
                        return Ok(Next::Message(Box::new(delivery)));
                    }
                }
                () = ready => {
                    (self.ready, self.was_ready) = (true, true);
                    self.tell_ready()?;
                    return Ok(Next::Ready);
                }
            }
        }
    }

    /// Acknowledges what is left to be, and closes.
    pub(super) async fn close(self) {
        // It sends nothing that could be left over.
        let _ = self.client.close().await;
    }

    fn take(&mut self, event: ClientEvent) -> Result<(), CommandError> {
        match event {
            ClientEvent::Connected { .. } => self.was_connected = true,
            ClientEvent::Lost { reason, .. } if !self.was_connected => {
                return Err(match reason {
                    LinkError::Open(error) => not_open(error),
                    LinkError::Identity(error) => error.into(),
                    reason => CommandError::caused(CommandErrorKind::Connect, reason),
                });
            }
            ClientEvent::Lost {
                reason, retry_in, ..
            } => self.tell_lost(&reason, retry_in)?,
            ClientEvent::GroupRefused { rejection, .. }
            | ClientEvent::Notice {
                notice: Notice::Removed { rejection, .. },
                ..
            } => return Err(RequestError::Rejected(rejection).into()),
            _ => {}
        }
        Ok(())
    }

    fn tell_ready(&self) -> Result<(), CommandError> {
        if !self.output.is_json() {
            complain(format_args!("receiving as {}", self.identity));
            return Ok(());
        }
        let group = self.group.map(|group| group.to_string());
        let identity = self.identity.to_string();
        let value = json!({"event": "ready", "identity": identity, "group": group});
        Ok(self.output.line(value)?)
    }

    fn tell_lost(&mut self, reason: &LinkError, retry_in: Duration) -> Result<(), CommandError> {
        self.ready = false;
        let (reason, pause) = (Chain(reason).to_string(), retry_in.as_millis());
        if !self.output.is_json() {
            complain(format_args!(
                "lost the router: {reason}; next attempt in {pause} ms"
            ));
            return Ok(());
        }
        let value = json!({"event": "lost", "reason": reason, "retry_in_ms": pause as u64});
        Ok(self.output.line(value)?)
    }
}

/// Waits until the router knows where this service is, and has it in its group.
async fn becomes_ready(client: &Client, is_ready: bool) {
    if !is_ready
        && let Ok(session) = client.session().await
        && session.flush().await.is_ok()
    {
        return;
    }
    // A session that was lost meanwhile is told of.
    std::future::pending().await
}
