//! The backend for plain threads: neither threads nor descriptors are left behind.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    os::unix::net::{UnixListener, UnixStream},
    thread,
    time::Duration,
};

use tuyau::{
    blocking::{self, SystemResolver, Timer, block_on},
    tcp, tls,
};
use tuyau_core::{
    Attempt, ConnectErrorKind, Context, ErrorKind, FlowExt, Key, Listener, ListenerExt, Outcome,
    Protocol, ProtocolExt, Registry, ResolverExt, Table, Target,
};

use crate::held::{alone_without_runtime, leaves_no_thread};

fn tls_context(server: SocketAddr) -> Context {
    let key = tls::KeyPair::generate().unwrap();
    let expected = tls::Peer::key(key.public_key());
    let connector = tls::Settings::new(key).connector().unwrap();
    let mut registry = Registry::new();
    registry.protocol(Key::new(), blocking::Tcp::new().layer(connector));
    let table = Table::<tcp::TcpKey>::new().with("server", server);
    let config = move |_: &Target| Some(expected.clone());
    let resolver = table.configure::<tls::TlsKey, _>(config);
    registry.resolver(Key::new(), 0, resolver);
    registry.freeze(Timer::new())
}

#[test]
fn a_silent_server_ends_by_the_deadline_at_the_stage_tls() {
    alone_without_runtime(|| {
        // The system accepts for it, and nobody ever answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let context = tls_context(silent.local_addr().unwrap());
        leaves_no_thread("blocking, silent", || {
            let connect = context.connect(Target::name("server"));
            let connect = connect.deadline(Duration::from_millis(100));
            let error = block_on(connect.open()).unwrap_err();
            assert_eq!(error.kind(), ConnectErrorKind::TimedOut, "{error}");
            let attempt = &error.report().attempts[0];
            assert_eq!(attempt.stage.name(), "tls", "{error}");
            assert!(matches!(attempt.outcome, Outcome::TimedOut), "{error}");
        });
    });
}

#[test]
fn a_server_that_babbles_fails_at_the_stage_tls() {
    alone_without_runtime(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let context = tls_context(listener.local_addr().unwrap());
        leaves_no_thread("blocking, babbling", || {
            let connect = context.connect(Target::name("server"));
            let opening = thread::scope(|scope| {
                scope.spawn(|| {
                    let mut stream = listener.accept().unwrap().0;
                    stream.write_all(&[b'!'; 4_000]).unwrap();
                    let _ = stream.read_to_end(&mut Vec::new());
                });
                block_on(connect.open())
            });
            let error = opening.unwrap_err();
            assert_eq!(error.kind(), ConnectErrorKind::AllFailed, "{error}");
            let attempt = &error.report().attempts[0];
            assert_eq!(attempt.stage.name(), "tls", "{error}");
            let said = attempt.outcome.to_string();
            assert!(said.contains("expected TLS, but the server sent"), "{said}");
        });
    });
}

#[test]
fn a_flow_on_both_sides_and_its_listener() {
    alone_without_runtime(|| {
        let any = "127.0.0.1:0".parse().unwrap();
        leaves_no_thread("blocking, a flow", || {
            let mut listener = blocking::TcpListener::bind_socket(any).unwrap();
            let endpoint = listener.address().socket().unwrap();
            let attempt = Attempt::new(blocking::Tcp::STAGE);
            let tcp = blocking::Tcp::new();
            let mut near = block_on(tcp.connect(&endpoint, &attempt)).unwrap();
            let incoming = block_on(listener.accept()).unwrap();
            let mut far = block_on(incoming.handshake).unwrap();
            block_on(near.write_all(b"hello")).unwrap();
            block_on(far.read_exact(&mut [0; 5])).unwrap();
        });
    });
}

#[test]
fn a_unix_flow_on_both_sides_and_its_listener() {
    alone_without_runtime(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        leaves_no_thread("blocking, a Unix flow", || {
            let mut listener = blocking::UnixListener::bind(&path).unwrap();
            let attempt = Attempt::new(blocking::Unix::STAGE);
            let mut near = block_on(blocking::Unix.connect(&path, &attempt)).unwrap();
            let incoming = block_on(listener.accept()).unwrap();
            let mut far = block_on(incoming.handshake).unwrap();
            block_on(near.write_all(b"hello")).unwrap();
            block_on(far.read_exact(&mut [0; 5])).unwrap();
        });
        assert!(!path.exists());
    });
}

#[test]
fn a_refused_unix_connect() {
    alone_without_runtime(|| {
        let directory = tempfile::tempdir().unwrap();
        let stale = directory.path().join("stale");
        drop(UnixListener::bind(&stale).unwrap());
        let attempt = Attempt::new(blocking::Unix::STAGE);
        leaves_no_thread("blocking, a refused Unix connect", || {
            let error = block_on(blocking::Unix.connect(&stale, &attempt)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        });
    });
}

#[test]
fn sockets_of_std_that_became_flows() {
    alone_without_runtime(|| {
        leaves_no_thread("blocking, sockets of std", || {
            let (near, far) = UnixStream::pair().unwrap();
            let near = blocking::UnixFlow::from_std(near).unwrap();
            let far = blocking::UnixFlow::from_std(far).unwrap();
            let (mut near, mut far) = (blocking::Stream::new(near), blocking::Stream::new(far));
            near.write_all(b"hello").unwrap();
            far.read_exact(&mut [0; 5]).unwrap();
        });
    });
}

#[test]
fn a_lookup_and_its_thread_end() {
    alone_without_runtime(|| {
        let mut registry = Registry::new();
        registry.protocol(tcp::KEY, blocking::Tcp::new());
        registry.resolver(tcp::KEY, 0, SystemResolver);
        let context = registry.freeze(Timer::new());
        leaves_no_thread("blocking, a lookup", || {
            let name = format!("{}.invalid", "x".repeat(64));
            let connect = context.connect(Target::name(&name).port(7));
            let error = block_on(connect.open()).unwrap_err();
            let attempt = &error.report().attempts[0];
            assert_eq!(attempt.stage.name(), "resolve", "{error}");
            assert!(matches!(attempt.outcome, Outcome::Failed(_)), "{error}");
        });
    });
}
