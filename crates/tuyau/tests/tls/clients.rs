//! Whether and how a server asks its clients for certificates.

use rcgen::ExtendedKeyUsagePurpose;
use tuyau::tls::{self, ClientCertificates};
use tuyau_core::FlowExt;

use crate::{
    pki::{Issuer, Leaf},
    support::{Side, shake},
    web::named,
};

/// A server of example.org and a client with some credentials.
async fn meet(
    issuer: &Issuer,
    clients: ClientCertificates,
    client: Option<tls::Credentials>,
) -> (Side, Side) {
    let server = tls::Settings::certified(issuer.issue(&["example.org"]))
        .authenticator(issuer.authenticator())
        .clients(clients);
    let client = match client {
        Some(credentials) => {
            tls::Settings::certified(credentials).authenticator(issuer.authenticator())
        }
        None => tls::Settings::anonymous(issuer.authenticator()),
    };
    let connector = client.connector().unwrap();
    shake(&connector, named("example.org"), server.acceptor().unwrap()).await
}

#[tokio::test]
async fn a_client_shows_its_certificate_when_asked() {
    let issuer = Issuer::new("an authority");
    for clients in [ClientCertificates::Optional, ClientCertificates::Required] {
        let credentials = Some(issuer.issue(&["alice"]));
        let (near, far) = meet(&issuer, clients, credentials).await;
        near.unwrap();
        let far = tuyau_core::AnyFlow::new(far.unwrap());
        let certificates = far.info::<tls::PeerCertificates>().unwrap();
        let description = certificates.describe().unwrap();
        assert_eq!(description.names().collect::<Vec<_>>(), ["alice"]);
    }
    let credentials = Some(issuer.issue(&["alice"]));
    let (near, far) = meet(&issuer, ClientCertificates::None, credentials).await;
    near.unwrap();
    assert_eq!(far.unwrap().certificate_form(), None);
}

#[tokio::test]
async fn a_client_without_certificate_is_served_unless_one_is_required() {
    let issuer = Issuer::new("an authority");
    let (near, far) = meet(&issuer, ClientCertificates::Optional, None).await;
    near.unwrap();
    assert_eq!(far.unwrap().certificate_form(), None);
    let (near, far) = meet(&issuer, ClientCertificates::Required, None).await;
    assert_eq!(
        far.unwrap_err().to_string(),
        "the client presented no certificate; give it one, with its private key"
    );
    let error = near.unwrap().read(&mut [0; 8]).await.unwrap_err();
    let error: &tls::Error = crate::support::cause(&error);
    assert!(
        error.to_string().contains("certificate_required"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_with_a_bad_certificate_is_refused() {
    let issuer = Issuer::new("an authority");
    let stranger = Issuer::new("somebody else").issue(&["alice"]);
    let server_only = Leaf::new(&["alice"]).only_for(ExtendedKeyUsagePurpose::ServerAuth);
    let expired = Leaf::new(&["alice"]).valid(2001, 2002);
    for (credentials, text) in [
        (
            stranger,
            "the client's certificate does not chain to a trusted authority: \
             it was issued by \"CN=somebody else\"",
        ),
        (
            issuer.sign(&server_only),
            "the client's certificate is not meant for a client, but for a server; \
             have one made with the extended key usage clientAuth",
        ),
        (
            issuer.sign(&expired),
            "the client's certificate expired on 2002-01-01 00:00:00 UTC",
        ),
    ] {
        for clients in [ClientCertificates::Optional, ClientCertificates::Required] {
            let (_near, far) = meet(&issuer, clients, Some(credentials.clone())).await;
            let error = far.unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}

#[test]
fn asking_without_roots_is_a_mistake_of_set_up() {
    let credentials = Issuer::new("an authority").issue(&["example.org"]);
    let settings = tls::Settings::certified(credentials).clients(ClientCertificates::Required);
    let error = settings.acceptor().unwrap_err();
    assert_eq!(error.kind(), tls::SetupErrorKind::NoClientRoots);
}
