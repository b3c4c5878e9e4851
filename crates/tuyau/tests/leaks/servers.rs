//! Servers that misbehave, and how a connect to them ends.

use std::{future::Future, net::SocketAddr, path::Path, pin::pin, task::Poll, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UdpSocket, UnixListener},
    task::JoinSet,
};
use tuyau_core::{Connect, ConnectError, ConnectErrorKind, Outcome};

use crate::held::{in_virtual_time, leaves_nothing};

/// How long a connect may take: in virtual time where the server is silent.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What a server does with those who connect.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    /// It says nothing.
    Silent,
    /// It says what no protocol here expects.
    Babbling,
    /// It closes at once.
    Closing,
}

/// How a connect ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Its deadline passes.
    TimedOut,
    /// It fails, and its row in the report says this.
    Failed(&'static str),
}

/// A server on a free port, for as long as the set lives.
pub(crate) async fn serve(server: Server) -> (SocketAddr, JoinSet<()>) {
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

/// The same at a path.
pub(crate) fn serve_at(path: &Path, server: Server) -> JoinSet<()> {
    let listener = UnixListener::bind(path).unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(hold(stream, server));
        }
    });
    serving
}

/// Keeps a connection until its client lets go of it.
async fn hold(mut stream: impl AsyncRead + AsyncWrite + Unpin, server: Server) {
    match server {
        Server::Silent => {}
        Server::Babbling => drop(stream.write_all(&[b'!'; 20_000]).await),
        // The end of the stream and no reset, which would hide it.
        Server::Closing => drop(stream.shutdown().await),
    }
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// The same for datagrams: a closing server is none.
pub(crate) async fn serve_datagrams(server: Server) -> (SocketAddr, JoinSet<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut serving = JoinSet::new();
    if !matches!(server, Server::Closing) {
        serving.spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let Ok((_, from)) = socket.recv_from(&mut buffer).await else {
                    continue;
                };
                if matches!(server, Server::Babbling) {
                    let _ = socket.send_to(&[b'!'; 500], from).await;
                }
            }
        });
    }
    (address, serving)
}

/// Connects some times to the end, and gives up some times midway.
///
/// What `open` gives is a connect of its own each time.
pub(crate) async fn ends<C: Future<Output = Option<ConnectError>>>(
    name: &str,
    open: impl Fn() -> C,
    stage: &str,
    end: End,
) {
    leaves_nothing(name, async || {
        let error = match end {
            End::TimedOut => in_virtual_time(open()).await,
            End::Failed(_) => open().await,
        };
        assert_ended(name, &error.expect("it fails"), stage, end);
    })
    .await;
    leaves_nothing(name, async || gives_up(open()).await).await;
}

/// The same for a connect of byte flows.
pub(crate) async fn connect_ends(name: &str, connect: Connect<'_>, stage: &str, end: End) {
    let connect = connect.deadline(DEADLINE);
    let open = || {
        let opening = connect.clone().open();
        async { opening.await.err() }
    };
    ends(name, open, stage, end).await;
}

#[track_caller]
fn assert_ended(name: &str, error: &ConnectError, stage: &str, end: End) {
    let [attempt] = &error.report().attempts[..] else {
        panic!("{name}: one attempt was expected: {error}");
    };
    assert_eq!(attempt.stage.name(), stage, "{name}: {error}");
    match end {
        End::TimedOut => {
            assert_eq!(error.kind(), ConnectErrorKind::TimedOut, "{name}: {error}");
            assert!(matches!(attempt.outcome, Outcome::TimedOut), "{name}");
        }
        End::Failed(text) => {
            assert_ne!(error.kind(), ConnectErrorKind::TimedOut, "{name}: {error}");
            assert!(matches!(attempt.outcome, Outcome::Failed(_)), "{name}");
            let said = attempt.outcome.to_string();
            assert!(
                said.contains(text),
                "{name}: expected {text:?}, got {said:?}"
            );
        }
    }
}

/// Polls a few times, far enough to be connected and not far enough for an answer, and drops.
pub(crate) async fn gives_up(work: impl Future) {
    let mut work = pin!(work);
    for _ in 0..5 {
        let once = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_ready()));
        if once.await {
            return;
        }
        tokio::task::yield_now().await;
    }
}
