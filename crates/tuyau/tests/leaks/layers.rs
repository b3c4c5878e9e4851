//! Layers over TCP, whose servers misbehave before they have shaken hands.

use tuyau::{
    http_connect::HttpConnect,
    noise,
    proxy::{Destination, Route},
    socks5::Socks5,
    ssh,
    tcp::{self, SystemResolver, Tcp},
    tls,
    tokio::TokioTimer,
    websocket,
};
use tuyau_core::{Context, Flow, Key, Layer, LayerKey, ProtocolExt, Registry, ResolverExt, Target};

use crate::{
    held::alone,
    servers::{End, Server, connect_ends, serve},
};

fn context<L>(layer: L, config: <L::Key as LayerKey>::Config) -> Context
where
    L: Layer<tcp::Flow, Flow: Flow>,
{
    let mut registry = Registry::new();
    registry.protocol(Key::new(), Tcp::new().layer(layer));
    let config = move |_: &Target| Some(config.clone());
    let resolver = SystemResolver.configure::<L::Key, _>(config);
    registry.resolver(Key::new(), 0, resolver);
    registry.freeze(TokioTimer::new())
}

/// Each server by itself: who is silent lets the deadline pass, and what is said of one that babbles is
/// not said of one that closes.
fn each_server_has_its_end(
    context: Context,
    stage: &'static str,
    babbling: &'static str,
    closing: &'static str,
) {
    alone(async || {
        for (server, end) in [
            (Server::Silent, End::TimedOut),
            (Server::Babbling, End::Failed(babbling)),
            (Server::Closing, End::Failed(closing)),
        ] {
            let (address, _serving) = serve(server).await;
            let target = Target::name("127.0.0.1").port(address.port());
            let name = format!("{stage}, {server:?}");
            connect_ends(&name, context.connect(target), stage, end).await;
        }
    });
}

#[test]
fn tls_ends_for_each_misbehaving_server() {
    let key = tls::KeyPair::generate().unwrap();
    let peer = tls::Peer::key(key.public_key());
    let connector = tls::Settings::new(key).connector().unwrap();
    each_server_has_its_end(
        context(connector, peer),
        "tls",
        "expected TLS, but the server sent \"!!!",
        "without saying so (no close_notify)",
    );
}

#[test]
fn noise_ends_for_each_misbehaving_server() {
    let key = noise::KeyPair::generate().unwrap();
    let peer = noise::Peer::key(key.public_key());
    let connector = noise::Connector::new(key, noise::Pattern::Xx);
    each_server_has_its_end(
        context(connector, peer),
        "noise",
        "its first two bytes \"!!\" announce 8481",
        "in the middle of the handshake",
    );
}

#[test]
fn websocket_ends_for_each_misbehaving_server() {
    let request = websocket::Request::new("localhost", "/").unwrap();
    let context = context(websocket::Connector::new(), request);
    each_server_has_its_end(
        context,
        "websocket",
        "expected HTTP, but the server sent \"!!!",
        "in the middle of the handshake",
    );
}

#[test]
fn ssh_ends_for_each_misbehaving_server() {
    let key = ssh::PrivateKey::generate().unwrap();
    let settings = ssh::Settings::new().danger_accept_any_host_key().key(key);
    let open = ssh::Open::command("true");
    let remote = ssh::Remote::new("nobody", "localhost", 22, open);
    each_server_has_its_end(
        context(settings.connector(), remote),
        "ssh",
        "does not speak SSH 2",
        "ended the connection during the handshake",
    );
}

fn route() -> Route {
    Route::to(Destination::new("git.example.org", 9418).unwrap())
}

#[test]
fn socks5_ends_for_each_misbehaving_server() {
    each_server_has_its_end(
        context(Socks5::new(), route()),
        "socks5",
        "the proxy's answer begins with \"!!\"",
        "before its answer was whole",
    );
}

#[test]
fn http_connect_ends_for_each_misbehaving_server() {
    let context = context(HttpConnect::new(), route());
    each_server_has_its_end(
        context,
        "http-connect",
        "expected HTTP of the proxy, but it sent \"!!!",
        "before its answer was whole",
    );
}
