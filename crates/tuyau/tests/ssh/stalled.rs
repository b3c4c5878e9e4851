//! Peers that stop, babble or vanish in the middle of the handshake.

use std::time::Duration;

use tuyau::{
    mem,
    ssh::{self, Kind, PrivateKey, Remote, ServerSettings, Settings, SshKey},
    tokio::TokioTimer,
};
use tuyau_core::{
    Acceptor as _, ConnectErrorKind, Context, ErrorKind, FlowExt, Key, ListenerExt, Outcome,
    ProtocolExt, Registry, ResolverExt, Target,
};

use crate::support::{acceptor, dial, settings, settle, tasks};

/// Forwards this many bytes to a real server, and nothing after them.
async fn stop_after(count: usize, mut client: mem::Flow) {
    let (near, far) = mem::pair();
    let mut server = Box::pin(acceptor().accept(far));
    let mut near = near;
    let mut left = count;
    let mut buffer = [0; 1000];
    let relay = async {
        loop {
            let mut back = [0; 1000];
            tokio::select! {
                read = client.read(&mut buffer) => {
                    let length = read.unwrap().min(left);
                    near.write_all(&buffer[..length]).await.unwrap();
                    left -= length;
                    if left == 0 {
                        return std::future::pending::<()>().await;
                    }
                }
                read = near.read(&mut back) => {
                    let length = read.unwrap();
                    client.write_all(&back[..length]).await.unwrap();
                }
            }
        }
    };
    tokio::select! {
        () = relay => {}
        _ = &mut server => std::future::pending().await,
    }
}

/// Connects to a server that stops after so many bytes of the client's, and gives the stage in which
/// the deadline ended it, if it did.
async fn stage_where_it_stops(count: usize) -> Option<String> {
    let hub = mem::Hub::new();
    let mut listener = hub.listen("here").unwrap();
    let stalling = tokio::spawn(async move {
        let flow = listener.accept().await.unwrap().handshake.await.unwrap();
        stop_after(count, flow).await;
    });
    let context = context(hub, settings());
    let target = Target::name("here");
    let connect = context.connect(target).deadline(Duration::from_secs(5));
    let opened = connect.open().await;
    stalling.abort();
    let Err(error) = opened else {
        return None;
    };
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut, "{count}: {error}");
    let attempt = &error.report().attempts[0];
    assert!(matches!(attempt.outcome, Outcome::TimedOut));
    Some(attempt.stage.name().to_owned())
}

/// SSH over memory to whoever listens there.
fn context(hub: mem::Hub, settings: Settings) -> Context {
    let mut registry = Registry::new();
    let protocol = mem::Protocol::new(hub).layer(settings.connector());
    registry.protocol(Key::new(), protocol);
    let resolver = mem::NameResolver.configure::<SshKey, _>(|_| {
        let open = ssh::Open::command("work");
        Some(Remote::new("anna", "example.org", 2222, open))
    });
    registry.resolver(Key::new(), 0, resolver);
    registry.freeze(TokioTimer::new())
}

/// Law 7: the stage is told. The clock is virtual: it moves when everything waits.
#[tokio::test(start_paused = true)]
async fn a_server_that_stops_ends_by_the_deadline_and_leaves_no_task() {
    let mut stages = Vec::new();
    // Within its first line, within the exchange of keys, and then until nothing stops any more.
    for count in [0, 10, 30, 500, 1500]
        .into_iter()
        .chain((1700..).step_by(100))
    {
        let Some(stage) = stage_where_it_stops(count).await else {
            break;
        };
        stages.push(stage);
        settle().await;
        assert_eq!(tasks(), 0, "{count}");
    }
    stages.dedup();
    assert_eq!(stages, ["ssh", "authenticate", "channel"]);
}

/// Law 7: a key that is not let in fails in a stage of its own, and the report says who came where.
#[tokio::test(start_paused = true)]
async fn law_7_a_refused_key_is_told_in_its_stage_with_user_and_host() {
    let hub = mem::Hub::new();
    let mut listener = hub.listen("here").unwrap();
    let refusing = ServerSettings::new(PrivateKey::generate().unwrap(), |_, _| false).acceptor();
    tokio::spawn(async move {
        let flow = listener.accept().await.unwrap().handshake.await.unwrap();
        refusing.accept(flow).await.map(drop)
    });
    let context = context(hub, settings());
    let error = context.connect(Target::name("here")).open().await;
    let text = error.unwrap_err().to_string();
    let place = "here as anna@[example.org]:2222  over ssh/mem  from name  at authenticate:  ";
    assert!(text.contains(place), "{text}");
    assert!(text.contains("did not let anna in"), "{text}");
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_named() {
    for (babble, said) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "HTTP/1.1 400 Bad Request",
        ),
        (b"220 mail\r\n", "220 mail"),
        (&[b'x'; 20_000], "xxxxxxxx"),
    ] {
        let (near, mut far) = mem::pair();
        far.write_all(babble).await.unwrap();
        far.close_write().await.unwrap();
        let error = dial(near, settings()).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::NotSsh { .. }), "{error}");
        let expected = format!("expected a line that begins with `SSH-2.0-`, got \"{said}");
        assert!(error.to_string().contains(&expected), "{error}");
    }
    let (near, mut far) = mem::pair();
    far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let error = acceptor().accept(near).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::NotSsh { .. }), "{error}");
}

#[tokio::test]
async fn a_peer_that_vanishes_ends_the_connect() {
    let (near, mut far) = mem::pair();
    far.write_all(b"SSH-2.0-Vanishing\r\n").await.unwrap();
    drop(far);
    let error = dial(near, settings()).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Ended { .. } | Kind::Io(_)),
        "{error}"
    );
    settle().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test]
async fn a_dropped_flow_leaves_no_task_on_either_side() {
    let (near, far) = mem::pair();
    let (client, server) = tokio::join!(dial(near, settings()), acceptor().accept(far));
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    client.write_all(b"last words").await.unwrap();
    client.flush().await.unwrap();
    drop(client);
    let mut words = [0; 10];
    server.read_exact(&mut words).await.unwrap();
    assert_eq!(&words, b"last words");
    assert!(server.read(&mut words).await.is_err());
    drop(server);
    settle().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_was_dropped_unread_is_gone_after_its_farewell() {
    let (near, far) = mem::pair();
    let (client, server) = tokio::join!(dial(near, settings()), acceptor().accept(far));
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    // More than anybody takes: the server's application does not read.
    let bytes = vec![0; 1_000_000];
    let writing = async {
        loop {
            client.write_all(&bytes).await.unwrap();
        }
    };
    let waited = tokio::time::timeout(Duration::from_millis(10), writing).await;
    assert!(waited.is_err());
    drop(client);
    tokio::time::sleep(ssh::FAREWELL * 2).await;
    let error = loop {
        if let Err(error) = server.read(&mut [0; 10_000]).await {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::Truncated);
    drop(server);
    tokio::time::sleep(ssh::FAREWELL * 2).await;
    settle().await;
    assert_eq!(tasks(), 0);
}
