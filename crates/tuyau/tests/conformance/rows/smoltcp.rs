//! TCP of a stack in user space.

use std::net::SocketAddr;

use tuyau::{
    smoltcp::{
        Device, Flow, Listener, Loopback, Medium, Network, Tcp, Udp, UdpFlow, UdpListener,
        WireSettings,
    },
    tokio::TokioTimer,
};
use tuyau_conformance::{DatagramTraits, Serving, ServingTraits, Traits, Work};
use tuyau_core::{Attempt, DatagramsExt, Listener as _, ListenerExt, Protocol};

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("smoltcp", Traits::stream(), tokio, pair);
    list.serving("smoltcp", ServingTraits::new(), tokio, async || {
        let (near, far, listener) = listening(WireSettings::new());
        Serving::new(listener, Tcp::new(near), endpoint()).keep(far)
    });
    list.flows("smoltcp_ip", Traits::stream(), tokio, async || {
        over(WireSettings::new().medium(Medium::Ip).mtu(1400)).await
    });
    list.flows("smoltcp_lossy", Traits::stream(), paused, async || {
        over(WireSettings::new().lose(1).reorder(2).seed(7)).await
    });
    list.datagrams("smoltcp_datagrams", DatagramTraits::new(), tokio, datagrams);
    let serving = ServingTraits::new().without_refusal().without_handshake();
    list.datagram_serving("smoltcp_datagrams", serving, tokio, async || {
        let (near, far, listener) = waiting();
        let endpoint = listener.address().socket().unwrap();
        Serving::new(listener, Udp::new(near), endpoint).keep(far)
    });
    list.flows("smoltcp_loopback", Traits::stream(), tokio, loopback);
    #[cfg(feature = "tls")]
    list.flows("tls_smoltcp", super::tls::TRAITS, tokio, async || {
        super::tls::over(pair().await).await
    });
}

/// Drives a case in virtual time, so that repeating what was lost takes none.
fn paused(work: Work) {
    let mut runtime = ::tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build();
    runtime.unwrap().block_on(work);
}

/// Two networks on a wire.
pub(crate) async fn pair() -> (Flow, Flow) {
    over(WireSettings::new()).await
}

async fn over(settings: WireSettings) -> (Flow, Flow) {
    let (near, _far, listener) = listening(settings);
    connected(Tcp::new(near), endpoint(), listener).await
}

fn endpoint() -> SocketAddr {
    "10.0.0.2:80".parse().unwrap()
}

/// Two networks on a wire, and a listener in the second one.
fn listening(settings: WireSettings) -> (Network, Network, Listener) {
    let (left, right) = settings.pair();
    let (near, far) = (host("10.0.0.1/24", left), host("10.0.0.2/24", right));
    let listener = Listener::bind_socket(&far, endpoint()).unwrap();
    (near, far, listener)
}

pub(crate) fn host(address: &str, device: impl Device) -> Network {
    let builder = Network::builder().address(address.parse().unwrap());
    let (network, driver) = builder.start(device, TokioTimer::new()).unwrap();
    ::tokio::spawn(driver);
    network
}

/// Two networks on a wire, and a listener for datagrams in the second one.
fn waiting() -> (Network, Network, UdpListener) {
    let (left, right) = WireSettings::new().pair();
    let (near, far) = (host("10.0.0.1/24", left), host("10.0.0.2/24", right));
    let listener = UdpListener::bind(&far, &"udp://10.0.0.2:0".parse().unwrap()).unwrap();
    (near, far, listener)
}

/// A peer on one network, and what another one accepted from it.
async fn datagrams() -> (UdpFlow, UdpFlow) {
    let (near, _far, mut listener) = waiting();
    let endpoint = listener.address().socket().unwrap();
    let attempt = Attempt::new(Udp::STAGE);
    let near = Udp::new(near).connect(&endpoint, &attempt).await;
    let mut near = near.unwrap();
    // The first datagram makes a connection of it.
    near.send(b"first").await.unwrap();
    let incoming = listener.accept().await.unwrap();
    let mut far = incoming.handshake.await.unwrap();
    assert_eq!(far.receive(&mut [0; 5]).await.unwrap(), 5);
    (near, far)
}

/// One network that talks to itself.
async fn loopback() -> (Flow, Flow) {
    let network = host("127.0.0.1/8", Loopback::new());
    let endpoint = "127.0.0.1:80".parse().unwrap();
    let listener = Listener::bind_socket(&network, endpoint).unwrap();
    connected(Tcp::new(network), endpoint, listener).await
}
