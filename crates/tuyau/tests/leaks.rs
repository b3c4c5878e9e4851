//! Nothing is left behind: no task and no descriptor, whatever becomes of a connect.
//!
//! One test, and so a process of its own: what it counts is the whole process's.
#![cfg(target_os = "linux")]

use std::{fs, future::Future, net::SocketAddr, time::Duration, time::Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::JoinSet,
};
use tuyau::{
    noise, ssh,
    tcp::{self, SystemResolver, Tcp},
    tls,
    tokio::TokioTimer,
    websocket,
};
use tuyau_core::{
    Context, Flow, Key, Layer, LayerKey, ProtocolExt, Registry, ResolverExt, Table, Target,
};

/// Tasks of this runtime, and descriptors of this process.
fn held() -> (usize, usize) {
    let tasks = Handle::current().metrics().num_alive_tasks();
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
    (tasks, descriptors)
}

/// Runs `work` some times, and waits until as much is held as was before.
async fn leaves_nothing<W: Future<Output = ()>>(name: &str, work: impl Fn() -> W) {
    // What is made once and kept is made now.
    work().await;
    let before = settled(name, None).await;
    for _ in 0..20 {
        work().await;
    }
    settled(name, Some(before)).await;
}

/// Lets what ends on its own end. The clock is virtual, so this does not wait by time.
async fn settled(name: &str, wanted: Option<(usize, usize)>) -> (usize, usize) {
    let began = Instant::now();
    let mut last = held();
    let mut same = 0;
    loop {
        tokio::task::yield_now().await;
        let now = held();
        same = if now == last { same + 1 } else { 0 };
        last = now;
        match wanted {
            Some(wanted) if now.0 <= wanted.0 && now.1 <= wanted.1 => return now,
            None if same > 1_000 => return now,
            _ => {}
        }
        let patient = began.elapsed() < Duration::from_secs(60);
        assert!(
            patient,
            "{name}: {now:?} tasks and descriptors are held, not {wanted:?}"
        );
    }
}

/// What a server does with those who connect.
#[derive(Clone, Copy)]
enum Server {
    /// It says nothing.
    Silent,
    /// It says what no protocol here expects.
    Babbling,
}

/// A server on a free port, for as long as the set lives.
async fn serve(server: Server) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(hold(stream, server));
        }
    });
    (address, serving)
}

/// Keeps a connection until its client lets go of it.
async fn hold(mut stream: TcpStream, server: Server) {
    if matches!(server, Server::Babbling) && stream.write_all(&[b'!'; 4096]).await.is_err() {
        return;
    }
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

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

/// Connects to a server that stops and to one that babbles, and gives up midway.
async fn fails_cleanly(name: &str, context: Context) {
    for server in [Server::Silent, Server::Babbling] {
        let (address, _serving) = serve(server).await;
        let target = Target::name("127.0.0.1").port(address.port());
        let connect = context.connect(target).deadline(Duration::from_secs(5));
        leaves_nothing(name, || async {
            connect.clone().open().await.unwrap_err();
        })
        .await;
        leaves_nothing(name, || async {
            let mut opening = std::pin::pin!(connect.clone().open());
            // Far enough to be connected, not far enough for an answer.
            for _ in 0..5 {
                let polled = std::future::poll_fn(|cx| {
                    std::task::Poll::Ready(opening.as_mut().poll(cx).is_ready())
                });
                if polled.await {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn refused_and_raced() {
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::new());
    let refusing: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let (address, _serving) = serve(Server::Silent).await;
    let table = Table::new()
        .with("refused", refusing)
        .with("raced", refusing)
        .with("raced", address)
        .with("raced", address);
    registry.resolver(tcp::KEY, 0, table);
    let context = registry.freeze(TokioTimer::new());
    leaves_nothing("a refused connect", || async {
        let connect = context.connect(Target::name("refused"));
        connect.open().await.unwrap_err();
    })
    .await;
    let connect = context.connect(Target::name("raced"));
    leaves_nothing("a race and its flow", || async {
        let connected = connect.clone().open().await.unwrap();
        let mut flow = connected.flow;
        flow.abort();
    })
    .await;
}

/// The clock is virtual: it moves on when everything waits, so that deadlines cost no time.
#[tokio::test(start_paused = true)]
async fn neither_tasks_nor_descriptors_are_left_behind() {
    refused_and_raced().await;

    let key = tls::KeyPair::generate().unwrap();
    let peer = tls::Peer::key(key.public_key());
    let connector = tls::Settings::new(key).connector().unwrap();
    fails_cleanly("tls", context(connector, peer)).await;

    let key = noise::KeyPair::generate().unwrap();
    let peer = noise::Peer::key(key.public_key());
    let connector = noise::Connector::new(key, noise::Pattern::Xx);
    fails_cleanly("noise", context(connector, peer)).await;

    let request = websocket::Request::new("localhost", "/").unwrap();
    fails_cleanly("websocket", context(websocket::Connector::new(), request)).await;

    let key = ssh::PrivateKey::generate().unwrap();
    let settings = ssh::Settings::new().danger_accept_any_host_key().key(key);
    let open = ssh::Open::command("true");
    let remote = ssh::Remote::new("nobody", "localhost", 22, open);
    fails_cleanly("ssh", context(settings.connector(), remote)).await;
}
