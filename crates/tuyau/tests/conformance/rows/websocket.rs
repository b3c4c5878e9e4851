//! WebSocket, over a flow that takes much and one that takes little, and beneath TLS.

use tuyau::{mem, websocket};
use tuyau_conformance::{Traits, run_in_place};
use tuyau_core::Flow;

use crate::{list::List, rows, support::layered};

const TRAITS: Traits = Traits::stream().tells_truncation();

pub(crate) fn rows(list: &mut List) {
    #[cfg(feature = "mem")]
    {
        list.flows("websocket_mem", TRAITS, run_in_place, async || {
            over(rows::mem::pair().await).await
        });
        list.flows("websocket_narrow_mem", TRAITS, run_in_place, async || {
            over(mem::pair_with_capacity(5_000)).await
        });
    }
    #[cfg(all(feature = "mem", feature = "tls"))]
    list.flows("websocket_tls_mem", TRAITS, run_in_place, async || {
        over(rows::tls::over_mem().await).await
    });
}

pub(crate) async fn over<F: Flow>(pair: (F, F)) -> (websocket::Flow<F>, websocket::Flow<F>) {
    let request = websocket::Request::new("example.org", "/").unwrap();
    let connector = websocket::Connector::new();
    layered(pair, connector, &request, websocket::Acceptor::new()).await
}
