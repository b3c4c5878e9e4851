//! Tickets where none may be used: against peers that keep, give and show them whenever they can. Both of
//! our sides would hide a mistake of the other one.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection,
    client::{AlwaysResolvesClientRawPublicKeys, ResolvesClientCert},
    pki_types::{CertificateDer, ServerName},
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use tuyau::{
    mem,
    tls::{self, Authenticator, CertificateForm, ClientCertificates, Settings},
};
use tuyau_core::{Acceptor, FlowExt, Target};

use crate::{
    authority::Organisation,
    pki::{Issuer, Leaf},
    support::{certified, dial, drive, key, stranger},
};

/// Whether a client that keeps what tickets it is given resumes at its second connect, as both see it.
async fn serves_twice(acceptor: tls::Acceptor, client: ClientConfig) -> bool {
    let client = Arc::new(client);
    let mut resumed = false;
    for _ in 0..2 {
        let name = ServerName::try_from("example.org").unwrap();
        let session = ClientConnection::new(client.clone(), name).unwrap();
        let (mut near, far) = mem::pair();
        let accepting = async {
            let mut flow = acceptor.clone().accept(far).await.unwrap();
            flow.close_write().await.unwrap();
            flow.negotiated().resumed
        };
        let (session, seen) = tokio::join!(drive(session, &mut near), accepting);
        resumed = session.unwrap().handshake_kind() == Some(HandshakeKind::Resumed);
        assert_eq!(resumed, seen);
    }
    resumed
}

fn raw(pair: &CertifiedKey) -> Arc<dyn ResolvesClientCert> {
    let spki = CertificateDer::from(pair.key.public_key().unwrap().to_vec());
    let raw = CertifiedKey::new(vec![spki], pair.key.clone());
    Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::new(raw)))
}

/// A client in one form of key, towards a server in the same one.
fn holder(form: CertificateForm, pair: CertifiedKey) -> ClientConfig {
    let is_raw = form == CertificateForm::RawKey;
    let resolver: Arc<dyn ResolvesClientCert> = match is_raw {
        true => raw(&pair),
        false => Arc::new(SingleCertAndKey::from(pair)),
    };
    stranger(&TLS13, is_raw).with_client_cert_resolver(resolver)
}

#[tokio::test]
async fn a_client_that_proves_an_identity_is_given_no_ticket() {
    for form in [CertificateForm::RawKey, CertificateForm::X509] {
        let acceptor = Settings::new(key()).acceptor().unwrap();
        let client = holder(form, certified(&rcgen::PKCS_ED25519));
        assert!(!serves_twice(acceptor, client).await);
    }
    // An identity that a server proves to whoever comes is proved to each.
    let settings = Settings::new(key()).clients(ClientCertificates::None);
    let client = stranger(&TLS13, true).with_no_client_auth();
    assert!(!serves_twice(settings.acceptor().unwrap(), client).await);
}

#[tokio::test]
async fn a_client_that_is_asked_for_a_certificate_is_given_no_ticket() {
    let issuer = Issuer::new("an authority");
    for clients in [
        ClientCertificates::None,
        ClientCertificates::Optional,
        ClientCertificates::Required,
    ] {
        let settings = Settings::certified(issuer.issue(&["example.org"]))
            .authenticator(issuer.authenticator())
            .clients(clients);
        let pair = issuer.certify(&Leaf::new(&["alice"]));
        let client = holder(CertificateForm::X509, pair);
        let resumed = serves_twice(settings.acceptor().unwrap(), client).await;
        assert_eq!(resumed, clients == ClientCertificates::None, "{clients:?}");
    }
}

/// Whether our second connect to a server that gives tickets and takes them resumes, as both see it.
async fn dials_twice(settings: Settings, peer: tls::Peer, pair: CertifiedKey) -> bool {
    let connector = settings.connector().unwrap();
    let server = ServerConfig::builder_with_provider(tls::default_provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    let server = Arc::new(server);
    let mut resumed = false;
    for _ in 0..2 {
        let session = ServerConnection::new(server.clone()).unwrap();
        let (near, mut far) = mem::pair();
        let dialling = async {
            let mut flow = dial(&connector, near, peer.clone()).await.unwrap();
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
        let (seen, session) = tokio::join!(dialling, serving);
        resumed = session.unwrap().handshake_kind() == Some(HandshakeKind::Resumed);
        assert_eq!(resumed, seen);
    }
    resumed
}

#[tokio::test]
async fn a_server_whose_name_nobody_vouches_for_is_shown_no_ticket() {
    let issuer = Issuer::new("an authority");
    let leaf = || issuer.certify(&Leaf::new(&["example.org"]));
    let named = || tls::Peer::of(&Target::name("example.org")).unwrap();
    // That server gives tickets, which are used where an authority vouches.
    let vouched = Settings::anonymous(issuer.authenticator());
    assert!(dials_twice(vouched, named(), leaf()).await);
    for peer in [named(), tls::Peer::default()] {
        let careless = Settings::anonymous(Authenticator::danger_accept_anyone());
        assert!(!dials_twice(careless, peer, leaf()).await);
    }
}

#[tokio::test]
async fn a_server_that_proves_an_identity_is_shown_no_ticket() {
    let pair = || certified(&rcgen::PKCS_ED25519);
    let settings = || Settings::new(key()).form(CertificateForm::X509);
    let careless = settings().authenticator(Authenticator::danger_accept_anyone());
    assert!(!dials_twice(careless, tls::Peer::default(), pair()).await);
    let pair = pair();
    let public = pair.key.public_key().unwrap();
    let public: [u8; 32] = public[public.len() - 32..].try_into().unwrap();
    let peer = tls::Peer::key(tls::PublicKey(public));
    assert!(!dials_twice(settings(), peer, pair).await);
    // Also when an authority vouches for its name.
    let organisation = Organisation::new();
    let (alice, bob) = (organisation.member("alice"), organisation.certify("bob"));
    let named = tls::Peer::of(&Target::name("bob")).unwrap();
    assert!(!dials_twice(alice.settings, named, bob).await);
}
