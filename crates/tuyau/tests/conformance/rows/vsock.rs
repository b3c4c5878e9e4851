//! Vsock on tokio, from this machine to itself.

use std::error::Error;

use tuyau::vsock::{self, Endpoint};
use tuyau_conformance::{NotRun, Serving, ServingTraits, Traits, endpoint_cases};
use tuyau_core::{EndpointKey, Listener};

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("vsock", Traits::stream(), tokio, pair);
    list.serving("vsock", ServingTraits::new(), tokio, async || {
        let (listener, endpoint) = listening()?;
        Ok::<_, NotRun>(Serving::new(listener, vsock::Vsock, endpoint))
    });
    let endpoints = [(2, 5000), (Endpoint::ANY, 70_000)];
    let endpoints = endpoints.map(|(cid, port)| Endpoint { cid, port });
    let refused = &[
        "vsock://host:1",
        "vsock://2",
        "vsock:///2",
        "vsock://2:5000?port=7",
    ];
    let cases = endpoint_cases::<vsock::VsockKey>("vsock", endpoints.into(), refused);
    list.add("vsock", cases);
}

pub(crate) async fn pair() -> Result<(vsock::Flow, vsock::Flow), NotRun> {
    let (listener, endpoint) = listening()?;
    Ok(connected(vsock::Vsock, endpoint, listener).await)
}

/// A listener at a free port, and its endpoint.
fn listening() -> Result<(vsock::Listener, Endpoint), NotRun> {
    let any = Endpoint {
        cid: Endpoint::LOCAL,
        port: Endpoint::ANY_PORT,
    };
    let listener = vsock::Listener::bind_endpoint(any).map_err(missing)?;
    let endpoint = vsock::VsockKey::read(listener.address()).unwrap();
    Ok((listener, endpoint))
}

fn missing(error: tuyau::ListenError) -> NotRun {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    NotRun::new(format!(
        "no vsock loopback, which `modprobe vsock_loopback` gives: {cause}"
    ))
}
