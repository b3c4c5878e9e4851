//! Accepts connections and performs their handshakes.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout};
use tuyau::tls;
use tuyau_core::{AnyFlow, AnyListener, Chain, Incoming, Listener, ListenerExt};
use tuyau_wire::Identity;

use crate::{
    connections::{Connections, Permit},
    dialler::Dialler,
    engine::Link,
    hub::Input,
    journal::Event,
};

/// How long accepting pauses after it failed, as it does when files run out.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until the task is aborted.
pub(crate) async fn accept(mut listener: AnyListener, connections: Connections, dialler: Dialler) {
    loop {
        match listener.accept().await {
            Ok(incoming) => match connections.admit(&incoming.origin) {
                Ok(permit) => start(incoming, permit, dialler.clone()),
                Err(told) => {
                    if let Some(event) = told {
                        dialler.tell(Input::Tell(event)).await;
                    }
                }
            },
            Err(error) => {
                let address = listener.address().clone();
                let reason = Chain(&error).to_string();
                dialler
                    .tell(Input::Tell(Event::AcceptFailed { address, reason }))
                    .await;
                sleep(PAUSE).await;
            }
        }
    }
}

fn start<H, E>(incoming: Incoming<H>, permit: Permit, dialler: Dialler)
where
    H: Future<Output = Result<AnyFlow, E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let Incoming { origin, handshake } = incoming;
    tokio::spawn(async move {
        let begin = Instant::now();
        let limit = dialler.limits.handshake;
        let failed = match timeout(limit, handshake).await {
            Ok(Ok(flow)) => match prove(&flow) {
                Ok(peer) => {
                    let link = Link::Accepted { origin };
                    return dialler.run(flow, peer, link, begin, permit).await;
                }
                Err(reason) => reason,
            },
            Ok(Err(error)) => Chain(&error).to_string(),
            Err(_) => format!(
                "expected a TLS handshake within {limit:?} of connecting \
                 (limits.handshake_seconds), found none or a part of one; \
                 is the peer a tuyau service, and the network fast enough?"
            ),
        };
        drop(permit);
        let place = origin.to_string();
        dialler
            .tell(Input::Tell(Event::HandshakeFailed {
                place,
                reason: failed,
            }))
            .await;
    });
}

/// The identity that the handshake of a flow proved.
fn prove(flow: &AnyFlow) -> Result<Identity, String> {
    let Some(tls::PeerKey(key)) = flow.info::<tls::PeerKey>() else {
        return Err("the connection proves no key; listen on a tls:// address".into());
    };
    Identity::from_bytes(key.0).map_err(|error| error.to_string())
}
