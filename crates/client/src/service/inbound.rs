//! Connections that come in: the router's, and those that are turned away.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tuyau_core::{AnyListener, Incoming, Listener, ListenerExt as _};

use super::{InboundError, Service, ServiceEvent, Via, answer};
use crate::Session;

/// Connections at one time, those in their handshake included. The router needs one; the rest is so
/// that strangers who are slow in their handshakes do not keep it out.
const CONNECTIONS_MAX: usize = 512;

/// The pause after a failed accept: a shortage of file descriptors does not end by asking again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Handshake = <AnyListener as Listener>::Handshake;

/// Ready when the service ends, which is when the sender is dropped.
type Closing = watch::Receiver<()>;

/// Accepts connections until the service ends, and then closes them.
pub(super) async fn accept(service: Arc<Service>, mut listener: AnyListener, mut closing: Closing) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            incoming = listener.accept(), if connections.len() < CONNECTIONS_MAX => match incoming {
                Ok(incoming) => {
                    connections.spawn(attend(service.clone(), incoming, closing.clone()));
                }
                Err(error) => {
                    service.report(ServiceEvent::AcceptFailed { error });
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = closing.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn attend(service: Arc<Service>, incoming: Incoming<Handshake>, mut closing: Closing) {
    let Incoming { origin, handshake } = incoming;
    let opened = tokio::select! {
        opened = open(&service, handshake) => opened,
        _ = closing.changed() => return,
    };
    match opened {
        Ok(session) => {
            service.report(ServiceEvent::Reached { origin });
            tokio::select! {
                () = answer::serve(&service, &session, Via::Route) => {}
                _ = closing.changed() => session.close().await,
            }
        }
        Err(error) => service.report(ServiceEvent::Turned { origin, error }),
    }
}

async fn open(service: &Service, handshake: Handshake) -> Result<Session, InboundError> {
    let deadline = service.settings.handshake_deadline;
    let flow = match timeout(deadline, handshake).await {
        Ok(shaken) => shaken.map_err(InboundError::Handshake)?,
        Err(_) => return Err(InboundError::TimedOut(deadline)),
    };
    let router = service.identity.current().map_err(InboundError::Identity)?;
    let session = Session::over(flow, router, &service.settings).await;
    session.map_err(InboundError::Open)
}
