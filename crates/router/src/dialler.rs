//! Connects to the routes of services, and starts sessions.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{sync::mpsc, time::Instant};
use tuyau_core::{Address, AnyFlow};
use tuyau_wire::Identity;

use crate::{
    Limits,
    connections::{Connections, Permit},
    engine::{DialId, Link, SessionId},
    hub::Input,
    network::Dialling,
    outbox::Outbox,
    plane::Plane,
    session::{Bounds, Received, SessionIo},
};

/// Why a dial fails that waited for its turn for longer than its routes were there.
const NO_ROUTE: &str =
    "its routes were withdrawn or expired before it was their turn to be dialled";

/// What starting a session takes.
#[derive(Clone)]
pub(crate) struct Dialler {
    pub(crate) dialling: Dialling,
    pub(crate) inputs: mpsc::WeakSender<Input>,
    pub(crate) limits: Limits,
    pub(crate) connections: Connections,
    pub(crate) last_session: Arc<AtomicU64>,
    pub(crate) plane: Plane,
}

impl Dialler {
    /// Dials routes in their order until one connects, and tells the hub.
    pub(crate) fn dial(&self, id: DialId, identity: Identity, routes: Vec<Address>) {
        let this = self.clone();
        tokio::spawn(async move {
            if routes.is_empty() {
                let reason = NO_ROUTE.to_owned();
                this.tell(Input::DialFailed { id, reason }).await;
                return;
            }
            let permit = match this.connections.admit_dial() {
                Ok(permit) => permit,
                Err((reason, event)) => {
                    if let Some(event) = event {
                        this.tell(Input::Tell(event)).await;
                    }
                    this.tell(Input::DialFailed { id, reason }).await;
                    return;
                }
            };
            let begin = Instant::now();
            let deadline = begin + this.limits.handshake;
            match this.connect(identity, &routes, deadline).await {
                Ok((flow, route)) => {
                    let link = Link::Dialled { dial: id, route };
                    this.run(flow, identity, link, begin, permit).await;
                }
                Err(reason) => {
                    this.tell(Input::DialFailed { id, reason }).await;
                }
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
        for (index, route) in routes.iter().enumerate() {
            // A route that does not answer leaves the routes after it their share of the time.
            let now = Instant::now();
            let share = deadline.saturating_duration_since(now) / (routes.len() - index) as u32;
            match self.dialling.connect(identity, route, now + share).await {
                Ok(flow) => return Ok((flow, route.clone())),
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
        permit: Permit,
    ) {
        let session = SessionId(self.last_session.fetch_add(1, Ordering::Relaxed) + 1);
        let outbox = Outbox::new(session, self.limits.queue_bytes);
        let bounds = Bounds {
            frame_bytes: self.limits.frame_bytes,
            frame: self.limits.frame,
            handshake: self.limits.handshake,
            ping: Some(self.limits.ping).filter(|time| !time.is_zero()),
        };
        let mut io = SessionIo::new(flow, outbox.clone(), self.plane.clone(), bounds, begin);
        let opened = Input::Opened {
            session,
            peer,
            link,
            outbox: outbox.clone(),
        };
        let mut told = self.tell(opened).await;
        while told {
            let input = match io.receive().await {
                Received::Frames(frames) => Input::Frames { session, frames },
                Received::Refused(code, text) => Input::Refused {
                    session,
                    code,
                    text,
                },
                Received::Ending(reason) => Input::Closed { session, reason },
                Received::End(reason) => {
                    drop((io, permit));
                    outbox.end();
                    self.tell(Input::Closed { session, reason }).await;
                    return;
                }
            };
            told = self.tell(input).await;
        }
        outbox.end();
    }

    /// Tells the hub; `false` when it has ended.
    pub(crate) async fn tell(&self, input: Input) -> bool {
        match self.inputs.upgrade() {
            Some(inputs) => inputs.send(input).await.is_ok(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tuyau::tls;

    use super::*;

    #[tokio::test]
    async fn tells_why_when_no_route_is_left() {
        let limits = Limits {
            handshake: Duration::from_secs(1),
            ..Limits::default()
        };
        let key = tls::KeyPair::generate().unwrap();
        let stack = tuyau::stack::Stack::new(key, None, tuyau::mem::Hub::default()).unwrap();
        let (sender, mut inputs) = mpsc::channel(1);
        let dialler = Dialler {
            dialling: Dialling {
                context: stack.context().clone(),
                certificates: None,
            },
            inputs: sender.downgrade(),
            connections: Connections::new(limits.clone()),
            limits,
            last_session: Arc::default(),
            plane: Plane::new(tokio::sync::broadcast::channel(1).0, crate::Clock::system()),
        };
        let identity = tuyau_wire::SecretKey::from_seed([1; 32]).identity();
        dialler.dial(DialId(7), identity, Vec::new());
        let Some(Input::DialFailed { id, reason }) = inputs.recv().await else {
            panic!("the dial did not fail");
        };
        assert_eq!((id, &reason[..]), (DialId(7), NO_ROUTE));
    }
}
