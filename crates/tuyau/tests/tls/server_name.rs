//! Which name the server is told, read from the first message by a TLS library alone.

use rustls::server::Acceptor;
use tuyau::{
    mem,
    tls::{self, Authenticator, ExpectedPeer, Settings},
};
use tuyau_core::{FlowExt, Target};

use crate::{
    pki::{Issuer, Leaf},
    support::{dial, key},
};

/// The name in the ClientHello (RFC 6066, section 3) of a dial to `target`.
async fn told(settings: Settings, target: Target) -> Option<String> {
    let connector = settings.connector().unwrap();
    let (near, mut far) = mem::pair();
    let dialling = dial(&connector, near, tls::Peer::of(&target).unwrap());
    let reading = async move {
        let mut acceptor = Acceptor::default();
        let mut buffer = [0; 4096];
        loop {
            let count = far.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the client said nothing");
            acceptor.read_tls(&mut &buffer[..count]).unwrap();
            if let Some(accepted) = acceptor.accept().unwrap() {
                return accepted.client_hello().server_name().map(str::to_owned);
            }
        }
    };
    let (refused, name) = tokio::join!(dialling, reading);
    refused.unwrap_err();
    name
}

#[tokio::test]
async fn the_server_is_told_the_name_however_it_is_judged() {
    let (issuer, leaf) = (Issuer::new("an authority"), Leaf::new(&["example.org"]));
    let target = || Target::name("example.org").with(leaf.pin());
    for authenticator in [
        issuer.authenticator(),
        Authenticator::pinned_key(),
        Authenticator::raw_key(),
        Authenticator::danger_accept_anyone(),
    ] {
        let named = format!("{authenticator:?}");
        let settings = Settings::anonymous(authenticator);
        let name = told(settings.clone(), target()).await;
        assert_eq!(name.as_deref(), Some("example.org"), "{named}");
        let address = Target::name("192.0.2.7").with(leaf.pin());
        assert_eq!(told(settings, address).await, None, "{named}");
    }
    // Without a key, too.
    let careless = Settings::anonymous(Authenticator::danger_accept_anyone());
    let name = told(careless, Target::name("example.org.")).await;
    assert_eq!(name.as_deref(), Some("example.org"));
}

#[tokio::test]
async fn a_server_that_is_known_by_its_identity_is_told_no_name() {
    let target = || Target::name("example.org").with(ExpectedPeer(key().public_key()));
    assert_eq!(told(Settings::new(key()), target()).await, None);
    let careless = Settings::new(key()).authenticator(Authenticator::danger_accept_anyone());
    assert_eq!(told(careless, target()).await, None);
}

/// Bad input: a host that is no DNS name, where nobody vouches for names.
#[tokio::test]
async fn what_is_no_name_is_not_sent() {
    let leaf = Leaf::new(&["example.org"]);
    let settings = Settings::anonymous(Authenticator::pinned_key());
    let target = Target::name("a b").with(leaf.pin());
    assert_eq!(told(settings, target).await, None);
}
