//! WebSocket, over a flow that takes much and one that takes little, and beneath TLS.

use tuyau::{mem, websocket};
use tuyau_conformance::{Serving, ServingTraits, Traits, endpoint_cases, run_in_place};
use tuyau_core::{Flow, ListenerExt, Over, ProtocolExt};

use crate::{
    list::{List, tokio},
    rows,
    support::layered,
};

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
    #[cfg(feature = "mem")]
    list.serving("websocket_mem", ServingTraits::new(), run_in_place, async || {
        let hub = mem::Hub::new();
        let listener = hub.listen("here").unwrap();
        let listener = listener.layer("ws+mem", websocket::Acceptor::new()).unwrap();
        let protocol = mem::Protocol::new(hub).layer(websocket::Connector::new());
        let request = websocket::Request::new("here", "/").unwrap();
        Serving::new(listener, protocol, ("here".into(), request))
    });
    #[cfg(feature = "tcp")]
    list.flows("websocket_tcp", TRAITS, tokio, async || {
        over(rows::tcp::pair().await).await
    });
    #[cfg(feature = "tcp")]
    {
        // The usual port is none of the host that is asked for.
        let endpoint = |socket: &str, host, path| {
            let request = websocket::Request::new(host, path).unwrap();
            (socket.parse().unwrap(), request)
        };
        let endpoints = vec![
            endpoint("127.0.0.1:80", "127.0.0.1", "/"),
            endpoint("127.0.0.1:8080", "127.0.0.1:8080", "/"),
            endpoint("127.0.0.1:80", "127.0.0.1", "/chat?room=12"),
        ];
        let refused = &["ws://example.org/chat", "ws://127.0.0.1/chat"];
        type Key = Over<tuyau::tcp::TcpKey, websocket::WebSocketKey>;
        list.add("websocket_tcp", endpoint_cases::<Key>("ws", endpoints, refused));
    }
    #[cfg(feature = "quic")]
    list.flows("websocket_quic", rows::quic::TRAITS, tokio, async || {
        over(rows::quic::pair().await).await
    });
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
