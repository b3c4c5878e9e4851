//! Everything through the proxy, with TLS to the destination: the proxy here connects and copies.

use std::future::poll_fn;

use tuyau::{
    http_connect::{HttpConnect, HttpConnectKey},
    mem,
    proxy::{Route, Tunnel, Via},
    socks5::{Socks5, Socks5Key},
    tls::{self, TlsKey},
    tokio::{Compat, TokioTimer},
};
use tuyau_core::{
    Acceptor as _, Answers, AnyFlow, Attempt, AttemptReport, Context, FlowExt, Key, Listener,
    Outcome, PeerAddress, Protocol, ProtocolExt, Registry, Resolver, ResolverExt, Security,
    SkipReason, Stage, Target, from_function,
};

/// Connects and copies: to the listener whose name is the first label of the host.
async fn relay(hub: mem::Hub, flow: mem::Flow, host: &str) {
    let name: Box<str> = host.split('.').next().unwrap().into();
    let attempt = Attempt::new(Stage::new("mem"));
    let there = mem::Protocol::new(hub)
        .connect(&name, &attempt)
        .await
        .unwrap();
    let (mut near, mut far) = (Compat::new(flow), Compat::new(there));
    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
}

async fn socks5_proxy(hub: mem::Hub, mut flow: mem::Flow) {
    flow.read_exact(&mut [0; 3]).await.unwrap();
    flow.write_all(&[5, 0]).await.unwrap();
    let mut head = [0; 5];
    flow.read_exact(&mut head).await.unwrap();
    let mut rest = vec![0; usize::from(head[4]) + 2];
    flow.read_exact(&mut rest).await.unwrap();
    flow.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let host = std::str::from_utf8(&rest[..rest.len() - 2]).unwrap();
    relay(hub, flow, host).await;
}

async fn http_proxy(hub: mem::Hub, mut flow: mem::Flow) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        flow.read_exact(&mut byte).await.unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    flow.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let host = head.split([' ', ':']).nth(1).unwrap();
    relay(hub, flow, host).await;
}

/// The proxy, for every target.
fn proxy() -> impl Resolver<Key = mem::MemKey> {
    from_function::<mem::MemKey, _>("proxy", |_| Some(Answers::ready(["proxy".into()])))
}

async fn accept_one(hub: &mem::Hub, name: &str) -> mem::Flow {
    let mut listener = hub.listen(name).unwrap();
    let incoming = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
    incoming.handshake.await.unwrap()
}

/// Connects to a TLS server behind the proxy, and talks.
async fn talks(hub: mem::Hub, context: Context, server_key: tls::KeyPair) {
    let serving = async {
        let acceptor = tls::Settings::new(server_key.clone()).acceptor().unwrap();
        let mut flow = acceptor
            .accept(accept_one(&hub, "git").await)
            .await
            .unwrap();
        let mut asked = [0; 9];
        flow.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"what now?");
        flow.write_all(b"the end").await.unwrap();
        flow.close_write().await.unwrap();
        flow.read(&mut [0; 1]).await.unwrap();
    };
    let target = Target::name("git.example.org").port(9418);
    let target = target.with(tls::ExpectedPeer(server_key.public_key()));
    let connecting = async {
        let connect = context.connect(target).at_least(Security::Authenticated);
        let mut flow: AnyFlow = connect.open().await.unwrap().flow;
        assert_eq!(
            flow.info::<tls::PeerKey>().unwrap().0,
            server_key.public_key()
        );
        let via = flow.info::<Via>().unwrap().destination().to_string();
        assert_eq!(via, "git.example.org:9418");
        flow.write_all(b"what now?").await.unwrap();
        flow.flush().await.unwrap();
        let mut answer = [0; 7];
        flow.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"the end");
        flow.close_write().await.unwrap();
    };
    tokio::join!(serving, connecting);
}

fn connector() -> tls::Connector {
    let key = tls::KeyPair::generate().unwrap();
    tls::Settings::new(key).connector().unwrap()
}

#[tokio::test]
async fn tls_goes_through_a_socks5_proxy() {
    let hub = mem::Hub::new();
    let mut registry = Registry::new();
    let base = mem::Protocol::new(hub.clone());
    registry.protocol(Key::new(), base.layer(Socks5::new()).layer(connector()));
    let routed = proxy().try_configure::<Socks5Key, _, _>(Route::of);
    registry.resolver(Key::new(), 0, routed.configure::<TlsKey, _>(tls::Peer::of));
    let context = registry.freeze(TokioTimer::new());
    let proxying = async { socks5_proxy(hub.clone(), accept_one(&hub, "proxy").await).await };
    let talking = talks(hub.clone(), context, tls::KeyPair::generate().unwrap());
    tokio::join!(proxying, talking);
}

#[tokio::test]
async fn tls_goes_through_an_http_proxy() {
    let hub = mem::Hub::new();
    let mut registry = Registry::new();
    let base = mem::Protocol::new(hub.clone());
    registry.protocol(
        Key::new(),
        base.layer(HttpConnect::new()).layer(connector()),
    );
    let routed = proxy().try_configure::<HttpConnectKey, _, _>(Route::of);
    registry.resolver(Key::new(), 0, routed.configure::<TlsKey, _>(tls::Peer::of));
    let context = registry.freeze(TokioTimer::new());
    let proxying = async { http_proxy(hub.clone(), accept_one(&hub, "proxy").await).await };
    let talking = talks(hub.clone(), context, tls::KeyPair::generate().unwrap());
    tokio::join!(proxying, talking);
}

/// A proxy that proves its key protects the way to it, and nothing behind it.
#[tokio::test]
async fn law_6_tls_beneath_a_proxy_is_not_taken_for_that_of_the_destination() {
    let mut registry = Registry::new();
    let secured = mem::Protocol::new(mem::Hub::new()).layer(connector());
    registry.protocol(Key::new(), secured.clone().layer(HttpConnect::new()));
    registry.protocol(Key::new(), secured.layer(Socks5::new()));
    let names = || proxy().configure::<TlsKey, _>(tls::Peer::of);
    let http = names().try_configure::<HttpConnectKey, _, _>(Route::of);
    registry.resolver(Key::new(), 0, http);
    let socks = names().try_configure::<Socks5Key, _, _>(Route::of);
    registry.resolver(Key::new(), 0, socks);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("git.example.org").port(9418));
    let report = connect.at_least(Security::Encrypted).plan().await;
    let below =
        |row: &AttemptReport| matches!(row.outcome, Outcome::Skipped(SkipReason::BelowFloor));
    assert_eq!(report.attempts.len(), 2, "{report}");
    assert!(report.attempts.iter().all(below), "{report}");
    // Nor is the scheme of what is beneath the proxy its own.
    let target: Target = "tls://git.example.org:9418".parse().unwrap();
    let report = context.connect(target).allow_downgrade().plan().await;
    assert!(report.attempts.is_empty(), "{report}");
}

/// What the proxy has proved is known of the proxy, and not of who is behind it.
#[tokio::test]
async fn a_flow_does_not_show_the_proxy_s_key_as_its_peer_s() {
    let (hub, proxy_key) = (mem::Hub::new(), tls::KeyPair::generate().unwrap());
    let mut registry = Registry::new();
    let secured = mem::Protocol::new(hub.clone()).layer(connector());
    registry.protocol(Key::new(), secured.layer(Socks5::new()));
    let expected = tls::Peer::key(proxy_key.public_key());
    let names = proxy().configure::<TlsKey, _>(move |_| Some(expected.clone()));
    let routed = names.try_configure::<Socks5Key, _, _>(Route::of);
    registry.resolver(Key::new(), 0, routed);
    let context = registry.freeze(TokioTimer::new());
    let proxying = async {
        let acceptor = tls::Settings::new(proxy_key.clone()).acceptor().unwrap();
        let beneath = accept_one(&hub, "proxy").await;
        let mut flow = acceptor.accept(beneath).await.unwrap();
        flow.read_exact(&mut [0; 3]).await.unwrap();
        flow.write_all(&[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        flow.flush().await.unwrap();
        flow
    };
    let connect = context.connect(Target::name("git.example.org").port(9418));
    let (_flow, connected) = tokio::join!(proxying, connect.open());
    let flow: AnyFlow = connected.unwrap().flow;
    assert!(flow.info::<tls::PeerKey>().is_none());
    assert!(flow.info::<tls::Negotiated>().is_none());
    assert!(flow.find::<tls::Flow<mem::Flow>>().is_none());
    let address = &flow.info::<PeerAddress>().unwrap().0;
    assert_eq!(address.to_string(), "mem://proxy");
    let tunnel = flow.find::<Tunnel<tls::Flow<mem::Flow>>>().unwrap();
    let proved = tunnel.to_proxy().info::<tls::PeerKey>().unwrap();
    assert_eq!(proved.0, proxy_key.public_key());
}

#[tokio::test]
async fn a_target_without_a_port_is_not_the_proxy_s() {
    let routed = proxy().try_configure::<Socks5Key, _, _>(Route::of);
    assert!(routed.resolve(&Target::name("git.example.org")).is_none());
}

/// Bad input: a target whose zone means nothing to a proxy.
#[tokio::test]
async fn a_target_with_a_zone_is_told_in_the_report() {
    let mut registry = Registry::new();
    let base = mem::Protocol::new(mem::Hub::new());
    registry.protocol(Key::new(), base.layer(Socks5::new()));
    let routed = proxy().try_configure::<Socks5Key, _, _>(Route::of);
    registry.resolver(Key::new(), 0, routed);
    let context = registry.freeze(TokioTimer::new());
    let target = Target::name("fe80::1%eth0").port(9418);
    let failed = context.connect(target).open().await.unwrap_err();
    let text = failed.to_string();
    let told = "a proxy cannot be asked for the host `fe80::1%eth0`: expected an address without a \
                zone, which names an interface of this machine; give an address that the proxy can \
                reach, or connect to this one without the proxy";
    assert!(text.contains(told), "{text}");
}
