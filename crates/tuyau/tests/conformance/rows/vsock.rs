//! Vsock on tokio, from this machine to itself.

use std::error::Error;

use tuyau::vsock::{self, Endpoint};
use tuyau_conformance::{NotRun, Traits};
use tuyau_core::{EndpointKey, Listener};

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("vsock", Traits::stream(), tokio, pair);
}

pub(crate) async fn pair() -> Result<(vsock::Flow, vsock::Flow), NotRun> {
    let any = Endpoint {
        cid: Endpoint::LOCAL,
        port: Endpoint::ANY_PORT,
    };
    let listener = vsock::Listener::bind_endpoint(any).map_err(missing)?;
    let endpoint = vsock::VsockKey::read(listener.address()).unwrap();
    Ok(connected(vsock::Vsock, endpoint, listener).await)
}

fn missing(error: tuyau::ListenError) -> NotRun {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    NotRun::new(format!(
        "no vsock loopback, which `modprobe vsock_loopback` gives: {cause}"
    ))
}
