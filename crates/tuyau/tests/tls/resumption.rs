//! Sessions that are resumed by a ticket, and those that must not be.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use rustls::{
    ClientConnection, ServerConfig, ServerConnection, pki_types::ServerName, version::TLS13,
};
use tuyau::{fault, mem, tls, tokio::TokioTimer};
use tuyau_core::{Acceptor, FlowExt, Target};

use crate::{
    pki::{Issuer, Leaf},
    support::{dial, drive, shake, stranger},
    web::{named, server},
};

/// Connects, speaks a little so that tickets arrive, and tells whether each side resumed.
async fn meet(
    connector: &tls::Connector,
    peer: tls::Peer,
    acceptor: &tls::Acceptor,
) -> (bool, bool) {
    let (near, far) = shake(connector, peer, acceptor.clone()).await;
    let (mut near, mut far) = (near.unwrap(), far.unwrap());
    far.write_all(b"hello").await.unwrap();
    far.close_write().await.unwrap();
    let mut hello = [0; 5];
    near.read_exact(&mut hello).await.unwrap();
    assert_eq!(near.read(&mut [0; 1]).await.unwrap(), 0);
    (near.negotiated().resumed, far.negotiated().resumed)
}

#[tokio::test]
async fn the_second_connect_resumes_and_still_knows_the_peer() {
    let issuer = Issuer::new("an authority");
    for tls12 in [false, true] {
        let mut settings = tls::Settings::anonymous(issuer.authenticator()).alpn(["h2"]);
        if tls12 {
            settings = settings.allow_tls12();
        }
        let connector = settings.connector().unwrap();
        let settings = tls::Settings::certified(issuer.issue(&["example.org"])).alpn(["h2"]);
        let acceptor = settings.acceptor().unwrap();
        let peer = || named("example.org");
        assert_eq!(meet(&connector, peer(), &acceptor).await, (false, false));
        assert_eq!(meet(&connector, peer(), &acceptor).await, (true, true));

        let (near, _far) = shake(&connector.clone(), peer(), acceptor).await;
        let near = tuyau_core::AnyFlow::new(near.unwrap());
        let negotiated = near.info::<tls::Negotiated>().unwrap();
        assert!(negotiated.resumed);
        assert_eq!(negotiated.alpn.as_deref(), Some(&b"h2"[..]));
        let certificates = near.info::<tls::PeerCertificates>().unwrap();
        assert_eq!(certificates.describe().unwrap().issuer(), "CN=an authority");
    }
}

#[tokio::test]
async fn another_server_or_another_client_resumes_nothing() {
    let issuer = Issuer::new("an authority");
    let connect = || {
        let settings = tls::Settings::anonymous(issuer.authenticator());
        settings.connector().unwrap()
    };
    let credentials = issuer.issue(&["example.org", "example.net"]);
    let (connector, acceptor) = (connect(), server(credentials.clone()));
    let peer = || named("example.org");
    assert_eq!(meet(&connector, peer(), &acceptor).await, (false, false));
    // Restarted, it has no key for the old tickets.
    let restarted = server(credentials);
    assert_eq!(meet(&connector, peer(), &restarted).await, (false, false));
    let other_name = named("example.net");
    assert_eq!(
        meet(&connector, other_name, &acceptor).await,
        (false, false)
    );
    assert_eq!(meet(&connect(), peer(), &acceptor).await, (false, false));
}

#[tokio::test]
async fn a_key_that_is_expected_is_proved_each_time() {
    let (issuer, leaf) = (Issuer::new("an authority"), Leaf::new(&["example.org"]));
    let settings = tls::Settings::anonymous(issuer.authenticator());
    let (connector, acceptor) = (settings.connector().unwrap(), server(issuer.sign(&leaf)));
    let pinned = || tls::Peer::of(&Target::name("example.org").with(leaf.pin())).unwrap();
    assert_eq!(
        meet(&connector, named("example.org"), &acceptor).await,
        (false, false)
    );
    assert_eq!(meet(&connector, pinned(), &acceptor).await, (false, false));
    assert_eq!(meet(&connector, pinned(), &acceptor).await, (false, false));
}

#[tokio::test]
async fn identities_are_proved_each_time() {
    let (alice, bob) = (crate::support::key(), crate::support::key());
    let (connector, acceptor) = (
        crate::support::connector(&alice),
        crate::support::acceptor(&bob),
    );
    let peer = || tls::Peer::key(bob.public_key());
    for _ in 0..2 {
        assert_eq!(meet(&connector, peer(), &acceptor).await, (false, false));
    }
}

/// A server by rustls alone, for `example.org`.
fn foreign_server(issuer: &Issuer) -> ServerConfig {
    let key = issuer.certify(&Leaf::new(&["example.org"]));
    ServerConfig::builder_with_provider(tls::default_provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(key)))
}

/// A client that would send early data with its ticket finds that the server takes none.
#[tokio::test]
async fn the_acceptor_takes_no_early_data() {
    let issuer = Issuer::new("an authority");
    let acceptor = server(issuer.issue(&["example.org"]));
    let mut config = stranger(&TLS13, false).with_no_client_auth();
    config.enable_early_data = true;
    let config = Arc::new(config);
    let mut resumed = Vec::new();
    for _ in 0..2 {
        let name = ServerName::try_from("example.org").unwrap();
        let mut client = ClientConnection::new(config.clone(), name).unwrap();
        assert!(client.early_data().is_none());
        let (mut near, far) = mem::pair();
        let accepting = async {
            let mut flow = acceptor.clone().accept(far).await.unwrap();
            flow.close_write().await.unwrap();
            flow.negotiated().resumed
        };
        resumed.push(tokio::join!(drive(client, &mut near), accepting).1);
    }
    assert_eq!(resumed, [false, true]);
}

/// A server that would take early data gets none.
#[tokio::test]
async fn the_connector_sends_no_early_data() {
    let issuer = Issuer::new("an authority");
    let mut config = foreign_server(&issuer);
    config.max_early_data_size = u32::MAX;
    let config = Arc::new(config);
    let settings = tls::Settings::anonymous(issuer.authenticator());
    let connector = settings.connector().unwrap();
    let mut resumed = Vec::new();
    for _ in 0..2 {
        let session = ServerConnection::new(config.clone()).unwrap();
        let (near, mut far) = mem::pair();
        let dialling = async {
            let mut flow = dial(&connector, near, named("example.org")).await.unwrap();
            flow.close_write().await.unwrap();
            // The tickets come, and then an end without `close_notify`.
            flow.read(&mut [0; 1]).await.unwrap_err();
            flow.negotiated().resumed
        };
        let serving = async {
            let served = drive(session, &mut far).await;
            drop(far);
            served
        };
        let (is_resumed, served) = tokio::join!(dialling, serving);
        let rustls::Connection::Server(mut session) = served.unwrap() else {
            panic!("it is a server");
        };
        assert!(session.early_data().is_none());
        resumed.push(is_resumed);
    }
    assert_eq!(resumed, [false, true]);
}

/// A server may send tickets without end; whoever reads lets others go on between them.
#[tokio::test]
async fn a_read_gives_way_while_nothing_but_tickets_comes() {
    let issuer = Issuer::new("an authority");
    let mut config = foreign_server(&issuer);
    config.send_tls13_tickets = 100;
    let session = ServerConnection::new(Arc::new(config)).unwrap();
    let settings = tls::Settings::anonymous(issuer.authenticator());
    let connector = settings.connector().unwrap();
    let (near, mut far) = mem::pair_with_capacity(100_000);
    // Each read brings little, so that there are many of them.
    let short = fault::Faults::none().read(fault::Trouble::none().short(16));
    let faulty = fault::Fault::new(TokioTimer::new()).acceptor(short);
    let near = faulty.accept(near).await.unwrap();
    let dialling = dial(&connector, near, named("example.org"));
    let serving = drive(session, &mut far);
    let reading = async {
        let mut flow = dialling.await.unwrap();
        let mut buffer = [0; 1];
        let mut read = std::pin::pin!(flow.read(&mut buffer));
        std::future::poll_fn(|cx| {
            let woken = Arc::new(Woken(AtomicBool::new(false)));
            let waker = Waker::from(woken.clone());
            let poll = read.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(poll.is_pending(), "{poll:?}");
            // Until the tickets are there it waits for them; what comes is told to this task too.
            cx.waker().wake_by_ref();
            match woken.0.load(Relaxed) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    };
    tokio::select! {
        biased;
        _ = serving => panic!("it serves until its peer ends"),
        () = reading => {}
    }
}

/// Whether somebody woke the task within its turn.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}
