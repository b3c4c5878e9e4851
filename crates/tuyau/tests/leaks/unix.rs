//! Flows over Unix sockets: refused, raced, dropped on both sides, and under a layer.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tuyau::{
    tls,
    tokio::TokioTimer,
    unix::{self, Unix, UnixKey},
};
use tuyau_core::{
    Attempt, Context, Flow, FlowExt, Key, ListenerExt, Protocol, ProtocolExt, Registry,
    ResolverExt, Table, Target,
};

use crate::{
    flows::layered_over,
    held::{alone, leaves_nothing},
    servers::{End, Server, connect_ends, serve_at},
};

/// A directory with a socket in it that nobody listens at any more.
fn with_a_stale_socket() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    (directory, path)
}

fn context(paths: impl IntoIterator<Item = PathBuf>) -> Context {
    let mut registry = Registry::new();
    registry.protocol(unix::KEY, Unix);
    let table = Table::new();
    let table = paths
        .into_iter()
        .fold(table, |table, path| table.with("here", path));
    registry.resolver(unix::KEY, 0, table);
    registry.freeze(TokioTimer::new())
}

async fn connected() -> (unix::Flow, unix::Flow) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut listener = unix::Listener::bind(&path).unwrap();
    let attempt = Attempt::new(Unix::STAGE);
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (near, far) = tokio::join!(Unix.connect(&path, &attempt), accepting);
    (near.unwrap(), far)
}

#[test]
fn a_refused_connect_and_one_to_a_path_that_is_not_there() {
    alone(async || {
        let (directory, stale) = with_a_stale_socket();
        for (path, end) in [
            (stale, End::Failed("connection refused")),
            (directory.path().join("absent"), End::Failed("unreachable")),
        ] {
            let name = format!("unix, {}", path.display());
            let context = context([path]);
            connect_ends(&name, context.connect(Target::name("here")), "unix", end).await;
        }
    });
}

#[test]
fn a_race_and_its_flow() {
    alone(async || {
        let (directory, stale) = with_a_stale_socket();
        let live = directory.path().join("live");
        let _serving = serve_at(&live, Server::Silent);
        let context = context([stale, live.clone(), live]);
        leaves_nothing("unix, a race and its flow", async || {
            let connected = context.connect(Target::name("here")).open().await;
            connected.unwrap().flow.abort();
        })
        .await;
    });
}

#[test]
fn a_flow_on_both_sides_its_listener_and_its_path() {
    alone(async || {
        leaves_nothing("unix, a flow", async || {
            let (mut near, mut far) = connected().await;
            near.write_all(b"hello").await.unwrap();
            far.read_exact(&mut [0; 5]).await.unwrap();
        })
        .await;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        leaves_nothing("unix, a listener", async || {
            let listener = unix::Listener::bind(&path).unwrap();
            drop(
                Unix.connect(&path, &Attempt::new(Unix::STAGE))
                    .await
                    .unwrap(),
            );
            // One has come, and is not accepted.
            drop(listener);
            assert!(!path.exists());
        })
        .await;
    });
}

#[test]
fn tls_on_both_sides() {
    alone(async || {
        let (near, far) = (tls::KeyPair::generate(), tls::KeyPair::generate().unwrap());
        let peer = tls::Peer::key(far.public_key());
        let connector = tls::Settings::new(near.unwrap()).connector().unwrap();
        let acceptor = tls::Settings::new(far).acceptor().unwrap();
        layered_over("tls over unix", connected, connector, peer, acceptor).await;
    });
}

fn tls_context(path: &Path) -> Context {
    let key = tls::KeyPair::generate().unwrap();
    let peer = tls::Peer::key(key.public_key());
    let connector = tls::Settings::new(key).connector().unwrap();
    let mut registry = Registry::new();
    registry.protocol(Key::new(), Unix.layer(connector));
    let table = Table::<UnixKey>::new().with("here", path.to_owned());
    let config = move |_: &Target| Some(peer.clone());
    registry.resolver(Key::new(), 0, table.configure::<tls::TlsKey, _>(config));
    registry.freeze(TokioTimer::new())
}

#[test]
fn tls_ends_for_each_misbehaving_server() {
    alone(async || {
        let directory = tempfile::tempdir().unwrap();
        for (server, end) in [
            (Server::Silent, End::TimedOut),
            (
                Server::Babbling,
                End::Failed("expected TLS, but the server sent"),
            ),
            (
                Server::Closing,
                End::Failed("without saying so (no close_notify)"),
            ),
        ] {
            let name = format!("tls over unix, {server:?}");
            let path = directory.path().join(format!("{server:?}"));
            let _serving = serve_at(&path, server);
            let context = tls_context(&path);
            connect_ends(&name, context.connect(Target::name("here")), "tls", end).await;
        }
    });
}
