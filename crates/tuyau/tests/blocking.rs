//! The backend for plain threads.
#![cfg(all(feature = "blocking", feature = "mem", feature = "tls"))]

use std::{
    error::Error,
    future::Future,
    io::{self, BufRead, BufReader, Read, Write},
    net::{self, SocketAddr},
    pin::pin,
    process::Command,
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use tuyau::{
    blocking::{
        NotConnected, OutsideBlockOn, Stream, SystemResolver, Tcp, TcpFlow, TcpListener, Timer,
        block_on,
    },
    mem, tcp, tls,
};
use tuyau_core::{
    Acceptor, Attempt, Chain, ErrorKind, Flow, FlowExt, Key, Listener, ListenerExt, LocalAddress,
    Outcome, PeerAddress, Protocol, ProtocolExt, Registry, Resolver, ResolverExt, Stage, Strategy,
    Table, Target, Timer as _,
};

fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(&"tcp://127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = listener.address().socket().unwrap();
    (listener, endpoint)
}

fn pair() -> (TcpFlow, TcpFlow) {
    let (mut listener, endpoint) = listening();
    let attempt = Attempt::new(Stage::new("tcp"));
    let near = block_on(Tcp::new().connect(&endpoint, &attempt)).unwrap();
    let incoming = block_on(listener.accept()).unwrap();
    (near, block_on(incoming.handshake).unwrap())
}

/// Polls once, in no `block_on`.
fn poll_outside<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Law 5: the whole stack is raced, in one thread: what never shakes hands holds nothing up.
#[test]
fn a_race_overlaps_in_one_thread() {
    // The system accepts for this one, and nobody ever answers the handshake.
    let (_silent, never) = listening();
    let (mut listener, good) = listening();
    let key = tls::KeyPair::generate().unwrap();
    let expected = tls::ExpectedPeer(key.public_key());
    let acceptor = tls::Settings::new(key).acceptor().unwrap();
    let serving = thread::spawn(move || {
        block_on(async {
            let flow = listener.accept().await.unwrap().handshake.await.unwrap();
            let mut flow = acceptor.accept(flow).await.unwrap();
            flow.write_all(b"welcome\n").await.unwrap();
            flow.close_write().await.unwrap();
            flow.read(&mut [0; 1]).await
        })
    });
    let connector = tls::Settings::new(tls::KeyPair::generate().unwrap());
    let table = Table::<tcp::TcpKey>::new()
        .with("two", never)
        .with("two", good);
    let mut registry = Registry::new();
    let protocol = Tcp::new().layer(connector.connector().unwrap());
    registry.protocol(Key::new(), protocol);
    let resolver = table.configure::<tls::TlsKey, _>(tls::Peer::of);
    registry.resolver(Key::new(), 0, resolver);
    let context = registry.freeze(Timer::new());

    let stagger = Duration::from_millis(10);
    let strategy = Strategy::Race { stagger, limit: 2 };
    let connect = context.connect(Target::name("two").with(expected));
    let connected = block_on(connect.strategy(strategy).open()).unwrap();
    let [first, second] = &connected.report.attempts[..] else {
        panic!("{}", connected.report);
    };
    assert!(matches!(first.outcome, Outcome::Cancelled), "{first:?}");
    assert!(matches!(second.outcome, Outcome::Won), "{second:?}");
    assert_eq!(first.stage.name(), "tls");
    assert!(first.started < second.started);
    assert!(
        second.started < first.started + first.took,
        "they did not overlap"
    );

    let mut lines = BufReader::new(Stream::new(connected.flow));
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "welcome\n");
    lines.get_ref().close_write().unwrap();
    assert_eq!(serving.join().unwrap().unwrap(), 0);
}

#[test]
fn what_would_wait_outside_of_block_on_says_so() {
    let (mut near, _far) = pair();
    let Poll::Ready(Err(error)) = poll_outside(near.read(&mut [0; 1])) else {
        panic!("it waits, and nobody wakes it");
    };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let chain = Chain(&error).to_string();
    assert!(chain.contains(&OutsideBlockOn.to_string()), "{chain}");
    assert!(chain.contains("block_on"), "{chain}");
    let (mut listener, _) = listening();
    assert!(matches!(
        poll_outside(listener.accept()),
        Poll::Ready(Err(_))
    ));
}

#[test]
fn what_does_not_have_to_wait_works_anywhere() {
    let (mut near, mut far) = pair();
    assert!(matches!(
        poll_outside(near.write_all(b"x")),
        Poll::Ready(Ok(()))
    ));
    let mut byte = [0; 1];
    block_on(far.read_exact(&mut byte)).unwrap();
    assert_eq!(&byte, b"x");
}

#[test]
fn a_flow_moves_between_threads() {
    let (near, far) = pair();
    let (mut near, mut far) = (Stream::new(near), Stream::new(far));
    for _ in 0..3 {
        // Each side waits in a thread that it has never waited in.
        let asking = thread::spawn(move || {
            near.write_all(b"question")?;
            let mut answer = [0; 6];
            near.read_exact(&mut answer)?;
            assert_eq!(&answer, b"answer");
            Ok::<_, io::Error>(near)
        });
        let answering = thread::spawn(move || {
            let mut question = [0; 8];
            far.read_exact(&mut question)?;
            far.write_all(b"answer")?;
            Ok::<_, io::Error>(far)
        });
        near = asking.join().unwrap().unwrap();
        far = answering.join().unwrap().unwrap();
    }
}

#[test]
fn one_thread_reads_while_another_one_writes() {
    let (near, far) = pair();
    let (near, far) = (Stream::new(near), Stream::new(far));
    const SIZE: usize = 4 * 1024 * 1024;
    let mut threads = Vec::new();
    for stream in [near, far] {
        let mut writing = stream.clone();
        threads.push(thread::spawn(move || {
            for _ in 0..SIZE / 4096 {
                writing.write_all(&[7; 4096]).unwrap();
            }
            writing.close_write().unwrap();
        }));
        let mut reading = stream;
        threads.push(thread::spawn(move || {
            let mut all = Vec::new();
            reading.read_to_end(&mut all).unwrap();
            assert!(all.len() == SIZE && all.iter().all(|&byte| byte == 7));
        }));
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_thread_that_waits_goes_on_when_the_one_that_watched_for_it_leaves() {
    let (near, far) = pair();
    let (near, mut far) = (Stream::new(near), Stream::new(far));
    let mut reading = near.clone();
    let (about_to_read, begun) = mpsc::channel();
    let reader = thread::spawn(move || {
        about_to_read.send(()).unwrap();
        let mut byte = [0; 1];
        reading.read_exact(&mut byte).map(|()| byte)
    });
    begun.recv().unwrap();
    // This thread takes the socket to its own poller by waiting to write, and gives up.
    let mut writing = near.clone();
    writing.set_write_timeout(Some(Duration::from_millis(1)));
    let error = loop {
        if let Err(error) = writing.write(&[0; 65536]) {
            break error;
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    far.write_all(b"x").unwrap();
    assert_eq!(&reader.join().unwrap().unwrap(), b"x");
}

#[test]
fn a_read_that_timed_out_has_lost_nothing() {
    let (near, far) = pair();
    let (mut near, mut far) = (Stream::new(near), Stream::new(far));
    near.set_read_timeout(Some(Duration::from_millis(1)));
    let error = near.read(&mut [0; 5]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    far.write_all(b"later").unwrap();
    near.set_read_timeout(None);
    let mut text = [0; 5];
    near.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"later");
}

#[test]
fn a_stream_gives_its_flow_back_when_nobody_else_has_it() {
    let (near, _far) = mem::pair();
    let stream = Stream::new(near);
    let clone = stream.clone();
    let stream = stream.into_flow().unwrap_err();
    drop(clone);
    assert!(stream.into_flow().is_ok());
}

#[test]
fn another_thread_wakes_block_on() {
    let (mut near, mut far) = mem::pair();
    let reading = thread::spawn(move || block_on(near.read(&mut [0; 1])));
    block_on(far.write_all(b"x")).unwrap();
    assert_eq!(reading.join().unwrap().unwrap(), 1);
}

#[test]
fn a_block_on_runs_inside_another_one() {
    let (near, far) = pair();
    let text = block_on(async {
        let mut writing = Stream::new(near);
        writing.write_all(b"inside").unwrap();
        drop(writing);
        let mut text = String::new();
        Stream::new(far).read_to_string(&mut text).unwrap();
        let timer = Timer::new();
        timer.sleep(timer.now() + Duration::from_millis(1)).await;
        text
    });
    assert_eq!(text, "inside");
}

#[test]
fn law_13_a_tcp_socket_of_std_becomes_a_flow_and_a_stream_again() {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut near = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, peer) = listener.accept().unwrap();
    let far = TcpFlow::from_std(far).unwrap();
    let known = far.info::<PeerAddress>().unwrap().0.socket();
    assert_eq!(known, Some(peer));
    let known = far.info::<LocalAddress>().unwrap().0.socket();
    assert_eq!(known, listener.local_addr().ok());

    let mut far = Stream::new(far);
    assert_goes_on_after_waiting_in_vain(&mut near, &mut far);
    far.write_all(b"answer").unwrap();
    far.close_write().unwrap();
    let mut answer = String::new();
    near.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
}

#[cfg(unix)]
#[test]
fn law_13_a_unix_socket_of_std_becomes_a_flow_that_knows_its_path() {
    use std::os::unix::net::{UnixListener, UnixStream};
    use tuyau::blocking::UnixFlow;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let dialled = UnixFlow::from_std(UnixStream::connect(&path).unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    let accepted = UnixFlow::from_std(accepted).unwrap();
    let path = path.to_str();
    assert_eq!(dialled.info::<PeerAddress>().unwrap().0.path(), path);
    assert_eq!(accepted.info::<LocalAddress>().unwrap().0.path(), path);
    // The other two ends have no name.
    assert!(dialled.info::<LocalAddress>().is_none());
    assert!(accepted.info::<PeerAddress>().is_none());
    assert_goes_on_after_waiting_in_vain(&mut Stream::new(dialled), &mut Stream::new(accepted));
}

/// The reader's timeout passes, so that its socket does not block; what comes later is read.
fn assert_goes_on_after_waiting_in_vain<F: Flow>(near: &mut impl Write, far: &mut Stream<F>) {
    far.set_read_timeout(Some(Duration::from_millis(1)));
    let error = far.read(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    far.set_read_timeout(None);
    near.write_all(b"question").unwrap();
    let mut question = [0; 8];
    far.read_exact(&mut question).unwrap();
    assert_eq!(&question, b"question");
}

#[test]
fn a_socket_of_std_without_a_peer_becomes_no_flow() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let error = TcpFlow::from_std(socket.unwrap().into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let cause = error.source().unwrap().downcast_ref::<NotConnected>();
    let said = cause.unwrap().to_string();
    assert!(said.contains("never connected"), "{said}");
}

#[test]
fn names_are_looked_up_and_a_lookup_can_be_given_up() {
    let target = Target::name("localhost").port(80);
    drop(SystemResolver.resolve(&target));
    let mut given_up = SystemResolver.resolve(&target).unwrap();
    let _ = poll_outside(std::future::poll_fn(|cx| given_up.poll_next(cx)));
    drop(given_up);
    let mut answers = SystemResolver.resolve(&target).unwrap();
    let found = block_on(std::future::poll_fn(|cx| answers.poll_next(cx)));
    let found = found.unwrap().unwrap();
    assert!(found.ip().is_loopback() && found.port() == 80);
    let missing = Target::name("localhost");
    let mut answers = SystemResolver.resolve(&missing).unwrap();
    let error = block_on(std::future::poll_fn(|cx| answers.poll_next(cx)));
    let error = error.unwrap().unwrap_err().to_string();
    assert_eq!(
        error,
        "no port was given for localhost, write for example localhost:6000"
    );
}

/// The loopback interface of Linux has the number 1.
#[cfg(target_os = "linux")]
#[test]
fn a_zone_is_found_by_its_number_and_by_its_name() {
    let find = |host: &str| {
        let mut answers = SystemResolver
            .resolve(&Target::name(host).port(80))
            .unwrap();
        block_on(std::future::poll_fn(|cx| answers.poll_next(cx))).unwrap()
    };
    let scoped = "[fe80::1%1]:80".parse().unwrap();
    assert_eq!(find("fe80::1%1").unwrap(), scoped);
    assert_eq!(find("fe80::1%lo").unwrap(), scoped);
    let error = find("fe80::1%absent").unwrap_err().to_string();
    assert!(
        error.contains("no interface here has the name absent"),
        "{error}"
    );
}

#[test]
fn nobody_listening_is_in_the_report() {
    let (listener, endpoint) = listening();
    drop(listener);
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::new());
    registry.resolver(tcp::KEY, 0, Table::new().with("nobody", endpoint));
    let context = registry.freeze(Timer::new());
    let error = block_on(context.connect(Target::name("nobody")).open()).unwrap_err();
    assert!(error.to_string().contains("connection refused"), "{error}");
}

/// No async runtime comes with this backend.
#[test]
fn there_is_no_runtime_in_the_dependency_tree() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--package",
        "tuyau",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    cargo.args([
        "--no-default-features",
        "--features",
        "blocking",
        "--offline",
        "--locked",
    ]);
    let output = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let crates: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(crates.contains(&"mio"), "{tree}");
    let runtimes = [
        "tokio",
        "async-std",
        "smol",
        "async-io",
        "async-executor",
        "futures-executor",
    ];
    for runtime in runtimes {
        assert!(!crates.contains(&runtime), "{runtime} is in it:\n{tree}");
    }
}
