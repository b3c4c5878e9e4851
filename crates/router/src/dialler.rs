//! Connects to the routes of services, and starts sessions.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{sync::mpsc, time::Instant};
use tuyau::{stack::Stack, tls};
use tuyau_core::{Address, AnyFlow, Security, Target};
use tuyau_wire::Identity;

use crate::{
    Limits,
    connections::Permit,
    engine::{DialId, Link, SessionId},
    hub::Input,
    outbox::Outbox,
    session::{Bounds, Received, SessionIo},
};

/// What starting a session takes.
#[derive(Clone)]
pub(crate) struct Dialler {
    pub(crate) stack: Arc<Stack>,
    pub(crate) inputs: mpsc::WeakSender<Input>,
    pub(crate) limits: Limits,
    pub(crate) last_session: Arc<AtomicU64>,
}

impl Dialler {
    /// Dials routes in their order until one connects, and tells the hub.
    pub(crate) fn dial(&self, id: DialId, identity: Identity, routes: Vec<Address>) {
        let this = self.clone();
        tokio::spawn(async move {
            let begin = Instant::now();
            let deadline = begin + this.limits.handshake;
            match this.connect(identity, &routes, deadline).await {
                Ok((flow, route)) => {
                    let link = Link::Dialled { dial: id, route };
                    this.run(flow, identity, link, begin, None).await;
                }
                Err(reason) => this.tell(Input::DialFailed { id, reason }).await,
            }
        });
    }

    async fn connect(
        &self,
        identity: Identity,
        routes: &[Address],
        deadline: Instant,
    ) -> Result<(AnyFlow, Address), String> {
        let mut reasons = Vec::new();
        for route in routes {
            let expected = tls::ExpectedPeer(tls::PublicKey(*identity.as_bytes()));
            let target = Target::from(route.clone()).with(expected);
            let connect = self
                .stack
                .context()
                .connect(target)
                .at_least(Security::Authenticated);
            let left = deadline.saturating_duration_since(Instant::now());
            match connect.deadline(left).open().await {
                Ok(connected) => return Ok((connected.flow, route.clone())),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        Err(reasons.join("; "))
    }

    /// Runs a session from its handshake on to its end.
    pub(crate) async fn run(
        &self,
        flow: AnyFlow,
        peer: Identity,
        link: Link,
        begin: Instant,
        permit: Option<Permit>,
    ) {
        let session = SessionId(self.last_session.fetch_add(1, Ordering::Relaxed) + 1);
        let outbox = Outbox::new(self.limits.queue_bytes);
        let bounds = Bounds {
            frame_bytes: self.limits.frame_bytes,
            frame: self.limits.frame,
            hello: begin + self.limits.handshake,
        };
        let mut io = SessionIo::new(flow, outbox.clone(), bounds);
        self.tell(Input::Opened {
            session,
            peer,
            link,
            outbox,
        })
        .await;
        let reason = loop {
            match io.receive().await {
                Received::Frames(frames) => self.tell(Input::Frames { session, frames }).await,
                Received::Broken(error) => self.tell(Input::Broken { session, error }).await,
                Received::End(reason) => break reason,
            }
        };
        drop((io, permit));
        self.tell(Input::Closed { session, reason }).await;
    }

    /// Tells the hub, unless it has ended.
    pub(crate) async fn tell(&self, input: Input) {
        if let Some(inputs) = self.inputs.upgrade() {
            let _ = inputs.send(input).await;
        }
    }
}
