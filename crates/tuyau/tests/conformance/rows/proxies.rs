//! Flows through proxies, once the proxy has agreed.

use tuyau::{
    mem,
    proxy::{Destination, Route, Tunnel},
};
use tuyau_conformance::{Traits, run_in_place};
use tuyau_core::{Attempt, FlowExt, Layer};

use crate::list::List;

pub(crate) fn rows(list: &mut List) {
    #[cfg(all(feature = "mem", feature = "socks5"))]
    list.flows("socks5_mem", Traits::stream(), run_in_place, async || {
        let layer = tuyau::socks5::Socks5::new();
        let yes = [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        agreed(layer, &yes).await
    });
    #[cfg(all(feature = "mem", feature = "http-connect"))]
    list.flows("http_connect_mem", Traits::stream(), run_in_place, async || {
        let layer = tuyau::http_connect::HttpConnect::new();
        agreed(layer, b"HTTP/1.1 200 OK\r\n\r\n").await
    });
}

/// The flow through a proxy that gives this answer, and the flow that is then the destination's.
async fn agreed<L>(layer: L, answer: &[u8]) -> (Tunnel<mem::Flow>, mem::Flow)
where
    L: Layer<mem::Flow, Flow = Tunnel<mem::Flow>>,
    L::Key: tuyau_core::LayerKey<Config = Route>,
{
    let (near, mut far) = mem::pair();
    far.write_all(answer).await.unwrap();
    let route = Route::to(Destination::new("git.example.org", 9418).unwrap());
    let near = layer.connect(near, &route, &Attempt::new(L::STAGE)).await;
    // What the proxy was asked, all of which is there.
    far.read(&mut [0; 200]).await.unwrap();
    (near.unwrap(), far)
}
