//! Flows over TCP: refused, raced and dropped on both sides.

use std::net::SocketAddr;

use tuyau::{
    noise, ssh,
    tcp::{self, Tcp},
    tls,
    tokio::TokioTimer,
    websocket,
};
use tuyau_core::{
    Acceptor, Attempt, Flow, FlowExt, Layer, LayerKey, Listener, ListenerExt, Protocol, Registry,
    Table, Target,
};

use crate::{
    held::{alone, leaves_nothing},
    servers::{End, Server, connect_ends, gives_up, serve},
};

#[test]
fn a_refused_connect() {
    alone(async || {
        let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = vacant.local_addr().unwrap();
        drop(vacant);
        let mut registry = Registry::new();
        registry.protocol(tcp::KEY, Tcp::new());
        registry.resolver(tcp::KEY, 0, Table::new().with("vacant", address));
        let context = registry.freeze(TokioTimer::new());
        let connect = context.connect(Target::name("vacant"));
        connect_ends("tcp, refused", connect, "tcp", End::Failed("refused")).await;
    });
}

#[test]
fn a_race_and_its_flow() {
    alone(async || {
        let refusing: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let (address, _serving) = serve(Server::Silent).await;
        let mut registry = Registry::new();
        registry.protocol(tcp::KEY, Tcp::new());
        let table = [refusing, address, address].into_iter();
        let table = table.fold(Table::new(), |table, it| table.with("raced", it));
        registry.resolver(tcp::KEY, 0, table);
        let context = registry.freeze(TokioTimer::new());
        leaves_nothing("a race and its flow", async || {
            let connected = context.connect(Target::name("raced")).open().await;
            connected.unwrap().flow.abort();
        })
        .await;
    });
}

/// Both sides of a layer over TCP.
async fn layered<L, A>(name: &str, layer: L, config: <L::Key as LayerKey>::Config, acceptor: A)
where
    L: Layer<tcp::Flow, Flow: Flow>,
    A: Acceptor<tcp::Flow, Flow: Flow> + Clone,
{
    layered_over(name, connected, layer, config, acceptor).await;
}

/// Both sides of a layer: a flow that both drop, and handshakes that one of them drops.
pub(crate) async fn layered_over<F, L, A>(
    name: &str,
    connected: impl AsyncFn() -> (F, F),
    layer: L,
    config: <L::Key as LayerKey>::Config,
    acceptor: A,
) where
    F: Flow,
    L: Layer<F, Flow: Flow>,
    A: Acceptor<F, Flow: Flow> + Clone,
{
    leaves_nothing(&format!("{name}, a flow"), async || {
        let (near, far) = connected().await;
        let attempt = Attempt::new(L::STAGE);
        let connecting = layer.connect(near, &config, &attempt);
        let (near, far) = tokio::join!(connecting, acceptor.clone().accept(far));
        let (Ok(mut near), Ok(mut far)) = (near, far) else {
            panic!("{name}: both accept each other");
        };
        near.write_all(b"hello").await.unwrap();
        near.flush().await.unwrap();
        far.read_exact(&mut [0; 5]).await.unwrap();
    })
    .await;
    leaves_nothing(&format!("{name}, who accepts gives up"), async || {
        let (near, far) = connected().await;
        gives_up(acceptor.clone().accept(far)).await;
        drop(near);
    })
    .await;
    leaves_nothing(&format!("{name}, who dialled is gone"), async || {
        let (near, far) = connected().await;
        drop(near);
        assert!(acceptor.clone().accept(far).await.is_err(), "{name}");
    })
    .await;
}

async fn connected() -> (tcp::Flow, tcp::Flow) {
    let any = "127.0.0.1:0".parse().unwrap();
    let mut listener = tcp::Listener::bind_socket(any).unwrap();
    let endpoint = listener.address().socket().unwrap();
    let attempt = Attempt::new(Tcp::STAGE);
    let tcp = Tcp::new();
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (near, far) = tokio::join!(tcp.connect(&endpoint, &attempt), accepting);
    (near.unwrap(), far)
}

#[test]
fn tls_on_both_sides() {
    alone(async || {
        let (near, far) = (tls::KeyPair::generate(), tls::KeyPair::generate().unwrap());
        let peer = tls::Peer::key(far.public_key());
        let connector = tls::Settings::new(near.unwrap()).connector().unwrap();
        let acceptor = tls::Settings::new(far).acceptor().unwrap();
        layered("tls", connector, peer, acceptor).await;
    });
}

#[test]
fn noise_on_both_sides() {
    alone(async || {
        let (near, far) = (
            noise::KeyPair::generate(),
            noise::KeyPair::generate().unwrap(),
        );
        let peer = noise::Peer::key(far.public_key());
        let connector = noise::Connector::new(near.unwrap(), noise::Pattern::Xx);
        layered("noise", connector, peer, noise::Acceptor::new(far)).await;
    });
}

#[test]
fn websocket_on_both_sides() {
    alone(async || {
        let request = websocket::Request::new("localhost", "/").unwrap();
        let (connector, acceptor) = (websocket::Connector::new(), websocket::Acceptor::new());
        layered("websocket", connector, request, acceptor).await;
    });
}

#[test]
fn ssh_on_both_sides() {
    alone(async || {
        let key = || ssh::PrivateKey::generate().unwrap();
        let settings = ssh::Settings::new().danger_accept_any_host_key().key(key());
        let open = ssh::Open::command("true");
        let remote = ssh::Remote::new("anna", "localhost", 22, open);
        let acceptor = ssh::ServerSettings::new(key(), |_, _| true).acceptor();
        layered("ssh", settings.connector(), remote, acceptor).await;
    });
}
