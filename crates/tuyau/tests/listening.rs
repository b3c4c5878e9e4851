//! Where it is possible to listen, and what is said where it is not.
#![cfg(all(feature = "mem", feature = "tcp", feature = "tls", feature = "unix"))]

use std::{
    fs,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
};

use tuyau::{ListenError, ListenErrorKind, mem, stack::Stack, tcp, tls, tokio::TokioTimer, unix};
use tuyau_core::{Address, FlowExt, Listener, ListenerExt, Outcome, Registry, Security, Target};

fn stack() -> Stack {
    Stack::new(tls::KeyPair::generate().unwrap(), None, mem::Hub::new()).unwrap()
}

async fn refused(stack: &Stack, address: &str) -> ListenError {
    let address: Address = address.parse().unwrap();
    stack.listen(&address).await.unwrap_err()
}

#[tokio::test]
async fn each_scheme_connects_to_itself_and_says_how_well_it_protects() {
    let key = tls::KeyPair::generate().unwrap();
    let stack = Stack::new(key.clone(), None, mem::Hub::new()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = |name| directory.path().join(name).display().to_string();
    for (address, floor) in [
        ("tls://127.0.0.1:0".into(), Security::Authenticated),
        ("tcp://[::1]:0".into(), Security::Plain),
        (format!("tls+unix://{}", path("a")), Security::Authenticated),
        (format!("unix://{}", path("b")), Security::Plain),
        ("tls+mem://a".into(), Security::Authenticated),
        ("mem://b".into(), Security::Plain),
    ] {
        let address: Address = address.parse().unwrap();
        let mut listener = stack.listen(&address).await.unwrap();
        let bound = listener.address().clone();
        assert_eq!(bound.scheme(), address.scheme());
        let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
        let target = Target::from(bound).with(tls::ExpectedPeer(key.public_key()));
        let connect = stack.context().connect(target).at_least(floor);
        let (dialled, mut accepted) = tokio::join!(connect.open(), accepting);
        let mut flow = dialled.unwrap().flow;
        flow.write_all(b"x").await.unwrap();
        flow.flush().await.unwrap();
        assert_eq!(accepted.read(&mut [0; 4]).await.unwrap(), 1);
        let peer = accepted.info::<tls::PeerKey>().map(|peer| peer.0);
        let protected = floor == Security::Authenticated;
        assert_eq!(peer, protected.then(|| key.public_key()));
    }
}

#[tokio::test]
async fn a_plain_stack_is_skipped_below_the_floor() {
    let stack = stack();
    let address: Address = "tcp://127.0.0.1:1".parse().unwrap();
    let connect = stack.context().connect(address);
    let error = connect.at_least(Security::Authenticated).open().await;
    let error = error.unwrap_err();
    let outcome = &error.report().attempts[0].outcome;
    assert!(matches!(outcome, Outcome::Skipped(_)), "{error}");
}

#[tokio::test]
async fn a_target_without_port_says_how_to_give_one() {
    let error = stack()
        .context()
        .connect(Target::name("example.org"))
        .open()
        .await;
    let text = error.unwrap_err().to_string();
    let hint = "no port was given for example.org, write for example example.org:6000";
    assert!(text.contains(hint), "{text}");
}

#[tokio::test]
async fn a_port_in_use_names_the_address_and_the_remedy() {
    let stack = stack();
    let listener = stack.listen(&"tls://127.0.0.1:0".parse().unwrap()).await;
    let address = listener.as_ref().unwrap().address().clone();
    let error = stack.listen(&address).await.unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::InUse);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen at {address}: the address is in use; \
             stop the program that listens there or choose another address"
        )
    );
}

#[tokio::test]
async fn a_port_is_free_again_as_soon_as_its_listener_is_dropped() {
    let listener = tcp::Listener::bind_socket("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.address().clone();
    drop(listener);
    tcp::Listener::bind(&address).unwrap();
}

/// The loopback interface of Linux has the number 1.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_zone_is_dialled_by_its_number_and_by_its_name() {
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, tcp::Tcp::new());
    registry.resolver(tcp::KEY, 0, tcp::SystemResolver);
    let context = registry.freeze(TokioTimer::new());
    for zone in ["1", "lo"] {
        let address: Address = format!("tcp://[fe80::1%25{zone}]:80").parse().unwrap();
        let plan = context.connect(address).plan().await;
        let endpoint = plan.attempts[0].endpoint.as_ref().unwrap();
        assert_eq!(endpoint.to_string(), "[fe80::1%251]:80", "{plan}");
    }
}

#[tokio::test]
async fn a_link_local_address_without_its_zone_is_refused_with_the_form_that_has_one() {
    let target: Address = "tcp://[fe80::1]:80".parse().unwrap();
    let failed = stack().context().connect(target).open().await;
    let text = failed.err().unwrap().to_string();
    assert!(
        text.contains("it needs its zone, as in `[fe80::1%25eth0]`"),
        "{text}"
    );
}

#[tokio::test]
async fn addresses_that_cannot_be_listened_at_are_refused() {
    let stack = stack();
    for (address, kind, part) in [
        (
            "ssh://127.0.0.1:22",
            ListenErrorKind::UnsupportedScheme,
            "tls, tcp",
        ),
        (
            "tls://example.org:6000",
            ListenErrorKind::Invalid,
            "an IP address and a port",
        ),
        (
            "tcp://[fe80::1%25eth0]:6000",
            ListenErrorKind::Invalid,
            "the number of a zone, not its name, as in `tcp://[fe80::1%252]:6000`",
        ),
        (
            "tcp://127.0.0.1",
            ListenErrorKind::Invalid,
            "an IP address and a port",
        ),
        (
            "tcp://192.0.2.1:6000",
            ListenErrorKind::NotAvailable,
            "0.0.0.0",
        ),
        (
            "unix://host/path",
            ListenErrorKind::Invalid,
            "unix:///run/x.sock",
        ),
        (
            "unix:///no/such/directory/s?x",
            ListenErrorKind::Invalid,
            "without a query",
        ),
        (
            "unix:///no/such/directory/s",
            ListenErrorKind::NotAvailable,
            "make its directory",
        ),
        ("mem://a:1", ListenErrorKind::Invalid, "mem://name"),
    ] {
        let error = refused(&stack, address).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.address(), address);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_memory_name_is_in_use_until_its_listener_is_dropped() {
    let hub = mem::Hub::new();
    let listener = hub.listen("one").unwrap();
    assert_eq!(
        hub.listen("one").unwrap_err().kind(),
        ListenErrorKind::InUse
    );
    mem::Hub::new().listen("one").unwrap();
    drop(listener);
    hub.listen("one").unwrap();
}

#[tokio::test]
async fn a_memory_name_is_the_same_in_upper_and_lower_case() {
    let hub = mem::Hub::new();
    let _listener = hub.listen("Kitchen").unwrap();
    let mut registry = Registry::new();
    registry.protocol(mem::KEY, mem::Protocol::new(hub.clone()));
    registry.resolver(mem::KEY, 0, mem::NameResolver);
    let context = registry.freeze(TokioTimer::new());
    for name in ["Kitchen", "kitchen", "KITCHEN"] {
        let connected = context.connect(Target::name(name)).open().await;
        connected.expect("the name in any case");
    }
    for name in ["kitchen:80", "kitchen/sink", "me@kitchen"] {
        let refused = hub.listen(name).unwrap_err();
        assert_eq!(refused.kind(), ListenErrorKind::Invalid, "{name}");
        let connect = context.connect(Target::name(name)).open();
        connect.await.map(drop).expect_err("it is no name");
    }
}

#[tokio::test]
async fn a_socket_file_is_for_its_user_alone_and_goes_with_its_listener() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = unix::Listener::bind(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    drop(listener);
    assert!(!path.exists());
    let listener = unix::Listener::bind_with_mode(&path, 0o666).unwrap();
    assert_eq!(mode(&path), 0o666);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    drop(listener);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "the standard library leaves its file behind");
    let listener = unix::Listener::bind(&path).unwrap();
    let error = unix::Listener::bind(&path).unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::InUse);
    UnixStream::connect(&path).unwrap();
    drop(listener);

    // One that noticed nothing of the question whether it is alive.
    let other = UnixListener::bind(&path).unwrap();
    other.set_nonblocking(true).unwrap();
    let error = unix::Listener::bind(&path).unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::InUse);
    assert!(other.accept().is_err());
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_that_is_not_a_socket_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("precious");
    fs::write(&path, "data").unwrap();
    let error = unix::Listener::bind(&path).unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::NotASocket);
    assert_eq!(fs::read(&path).unwrap(), b"data");
}

#[tokio::test]
async fn a_path_that_came_in_its_place_stays_when_a_listener_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = unix::Listener::bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let successor = unix::Listener::bind(&path).unwrap();
    drop(listener);
    UnixStream::connect(&path).unwrap();
    drop(successor);
}

#[tokio::test]
async fn of_many_that_start_at_once_over_a_stale_file_one_gets_the_path() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = directory.path().join(format!("s{round}"));
        drop(UnixListener::bind(&path).unwrap());
        let runtime = tokio::runtime::Handle::current();
        let starters: Vec<_> = (0..8)
            .map(|_| {
                let (path, runtime) = (path.clone(), runtime.clone());
                std::thread::spawn(move || {
                    let _guard = runtime.enter();
                    unix::Listener::bind(path)
                })
            })
            .collect();
        let results: Vec<_> = starters.into_iter().map(|it| it.join().unwrap()).collect();
        let listening = results.iter().filter(|it| it.is_ok()).count();
        assert_eq!(listening, 1, "{results:?}");
        UnixStream::connect(&path).unwrap();
    }
}

#[tokio::test]
async fn a_path_that_no_address_says_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s?x");
    let error = unix::Listener::bind(&path).unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::Invalid);
    assert!(error.to_string().contains("without `?` and `#`"), "{error}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_path_that_is_too_long_is_told_with_its_limit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x".repeat(unix::MAX_PATH));
    let error = unix::Listener::bind(&path).unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::Invalid);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("a socket's may have 107"), "{cause}");
}
