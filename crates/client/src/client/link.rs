//! The connection to one of several routers, which comes again when it is lost.

use std::{collections::HashSet, convert::Infallible, sync::Arc};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tuyau_core::Address;
use tuyau_wire::Identity;

use super::{ClientEvent, Groups, Inner};
use crate::{
    LinkError, Notice, RequestError, RouterIdentity, STABLE, Session, pauses::Backoff, session::Way,
};

/// A router and where it is.
#[derive(Clone, Debug)]
pub(super) struct Router {
    pub(super) address: Address,
    pub(super) identity: RouterIdentity,
}

/// One of several connections.
pub(super) struct Link {
    client: Arc<Inner>,
    router: Router,
    backoff: Backoff,
}

impl Link {
    pub(super) fn new(client: Arc<Inner>, router: Router) -> Self {
        let backoff = Backoff::new(client.pauses.clone());
        Self {
            client,
            router,
            backoff,
        }
    }

    /// Stays connected for as long as it is polled.
    pub(super) async fn run(mut self) -> Infallible {
        loop {
            let begin = Instant::now();
            let reason = match self.connect().await {
                Ok(session) => self.hold(&session).await,
                Err(reason) => reason,
            };
            if begin.elapsed() >= STABLE {
                self.backoff.reset();
            }
            let retry_in = self.backoff.next();
            self.client.report(ClientEvent::Lost {
                router: self.router.address.clone(),
                reason,
                retry_in,
            });
            sleep(retry_in).await;
        }
    }

    async fn connect(&self) -> Result<Session, LinkError> {
        let client = &self.client;
        let identity = self
            .router
            .identity
            .current()
            .map_err(LinkError::Identity)?;
        let context = client.stack.context();
        let address = &self.router.address;
        let session = Session::connect(context, address, identity, &client.settings).await;
        let session = session.map_err(LinkError::Open)?;
        client.report(ClientEvent::Connected {
            router: address.clone(),
            peer: Box::new(session.peer().clone()),
        });
        Ok(session)
    }

    /// Receives, stays in its groups, and sends while it is this link's turn, until the session is
    /// over.
    async fn hold(&mut self, session: &Session) -> LinkError {
        let receive = receive(&self.client, session);
        let mut turn = Turn {
            client: self.client.clone(),
            session,
            sends: false,
        };
        let work = async {
            let mut groups = self.client.groups.subscribe();
            let mut joined = HashSet::new();
            loop {
                groups.borrow_and_update();
                join(&self.client, session, &mut joined).await?;
                turn.work(&mut groups).await?;
            }
        };
        let notices = notices(&self.client, session, &self.router.address);
        let failed: Result<Infallible, RequestError> = tokio::select! {
            reason = session.ended() => return LinkError::Session(reason),
            failed = work => failed,
            () = receive => return LinkError::Session(session.ended().await),
            () = notices => return LinkError::Session(session.ended().await),
        };
        match failed {
            Ok(never) => match never {},
            Err(RequestError::Lost(reason)) => LinkError::Session(reason),
            Err(error) => LinkError::Request(error),
        }
    }
}

/// Hands what comes to the one stream of all links.
async fn receive(client: &Inner, session: &Session) {
    loop {
        let mut batch = Vec::new();
        if session.next_batch(&mut batch).await == 0 {
            return;
        }
        if client.received.send(batch).await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Reports what the router tells. One that is about to end its sessions gets nothing new.
async fn notices(client: &Inner, session: &Session, router: &Address) {
    while let Some(notice) = session.notice().await {
        let drain = match &notice {
            Notice::Draining { closes_in, .. } => Some(*closes_in),
            _ => None,
        };
        client.report(ClientEvent::Notice {
            router: router.clone(),
            notice,
        });
        if let Some(closes_in) = drain {
            // What the router has taken by then is not sent to another one again.
            let _ = timeout(closes_in / 2, session.flush()).await;
            session.close().await;
        }
    }
}

/// Joins the groups that the client is in and the session is not, and leaves the others.
async fn join(
    client: &Inner,
    session: &Session,
    joined: &mut HashSet<Identity>,
) -> Result<(), RequestError> {
    let wanted = client.groups.borrow().clone();
    for group in joined.extract_if(|group| !wanted.contains_key(group)) {
        pass_refusal(client, group, session.leave(group).await)?;
    }
    for (group, options) in wanted {
        if joined.insert(group) {
            pass_refusal(client, group, session.join(group, options).await)?;
        }
    }
    Ok(())
}

/// A refusal is reported and keeps nothing else from going on.
fn pass_refusal(
    client: &Inner,
    group: Identity,
    result: Result<(), RequestError>,
) -> Result<(), RequestError> {
    match result {
        Err(RequestError::Rejected(rejection)) => {
            client.report(ClientEvent::GroupRefused { group, rejection });
            Ok(())
        }
        other => other,
    }
}

/// A link's part in sending: one link at a time sends for the client.
struct Turn<'a> {
    client: Arc<Inner>,
    session: &'a Session,
    /// Whether it has the turn.
    sends: bool,
}

impl Turn<'_> {
    /// Works until the groups change.
    async fn work(&mut self, groups: &mut watch::Receiver<Groups>) -> Result<(), RequestError> {
        let changed = async {
            if groups.changed().await.is_err() {
                std::future::pending().await
            }
        };
        tokio::pin!(changed);
        if !self.sends {
            tokio::select! {
                () = &mut changed => return Ok(()),
                () = self.client.turn() => self.sends = true,
            }
            self.begin().await?;
        }
        tokio::select! {
            () = changed => Ok(()),
            sent = self.send() => sent,
        }
    }

    /// Sends what has no receipt from an earlier session again, and then lets callers in.
    async fn begin(&self) -> Result<(), RequestError> {
        let (outbox, session) = (&self.client.outbox, self.session);
        let sent = outbox.sent();
        let ways: Vec<&Way> = sent.values().map(|item| &item.way).collect();
        session.prepare(ways.into_iter()).await?;
        for (sequence, item) in &sent {
            let again = session.post_together(&item.way, Some(*sequence), &item.body);
            if let Err(error) = again.await {
                match error {
                    RequestError::Lost(_) if session.has_ended() => return Err(error),
                    error => outbox.settle(*sequence, Err(error)),
                }
            }
        }
        session.advance(self.client.last());
        self.client.set_active(session);
        Ok(())
    }

    /// Sends durable messages as they come, and takes their receipts.
    async fn send(&self) -> Result<(), RequestError> {
        let (outbox, session) = (&self.client.outbox, self.session);
        let post = async {
            loop {
                let item = outbox.next().await;
                match session.post_together(&item.way, None, &item.body).await {
                    Ok(sequence) => outbox.number(sequence),
                    Err(error @ RequestError::Lost(_)) => return error,
                    Err(error) => outbox.refuse(error),
                }
            }
        };
        let settle = async {
            while let Some(settled) = session.settled().await {
                for (sequence, outcome) in settled {
                    outbox.settle(sequence, outcome);
                }
            }
            RequestError::Lost(session.ended().await)
        };
        tokio::select! {
            error = post => Err(error),
            error = settle => Err(error),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.sends {
            for (sequence, outcome) in self.session.take_settled() {
                self.client.outbox.settle(sequence, outcome);
            }
            self.client.end_turn(self.session.last());
        }
    }
}
