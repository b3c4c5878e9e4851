//! Services whose TLS takes no raw keys.

use rcgen::CertificateParams;
use tuyau::{mem, stack::Stack, tls};
use tuyau_core::{Listener as _, ListenerExt as _};

use crate::support::{Peer, key, start};

/// What listens as the key of a seed, with a certificate and nothing else.
fn certified(seed: u8) -> Stack {
    let pair = rcgen::KeyPair::try_from(&key(seed).to_pkcs8_der()[..]).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&pair);
    let (chain, secret) = (certificate.unwrap().pem(), pair.serialize_pem());
    let credentials = tls::Credentials::from_pem(chain.as_bytes(), secret.as_bytes()).unwrap();
    Stack::with_settings(tls::Settings::certified(credentials), mem::Hub::new()).unwrap()
}

#[tokio::test]
async fn a_service_that_takes_no_raw_keys_is_dialled_with_a_certificate() {
    let router = start(|settings| settings.greeting = Some("hi there".into())).await;
    let mut peer = router.connect(1).await;
    let address = "tls://127.0.0.1:0".parse().unwrap();
    let mut listener = certified(1).listen(&address).await.unwrap();
    let record = peer.record(&listener.address().to_string());
    assert_eq!(peer.listen(record).await, None);
    // It comes with a raw key first.
    assert!(listener.accept().await.unwrap().handshake.await.is_err());
    let mut dialled = Peer::accept(&mut listener, 1).await;
    let (from, body) = dialled.delivery().await;
    assert_eq!(
        (from, &body[..]),
        (router.router.identity(), &b"hi there"[..])
    );
}

#[tokio::test]
async fn a_certificate_of_another_key_is_refused_in_either_form() {
    let mut router = start(|settings| settings.greeting = Some("hi there".into())).await;
    let mut peer = router.connect(1).await;
    let address = "tls://127.0.0.1:0".parse().unwrap();
    let mut listener = certified(2).listen(&address).await.unwrap();
    let record = peer.record(&listener.address().to_string());
    assert_eq!(peer.listen(record).await, None);
    for _ in 0..2 {
        assert!(listener.accept().await.unwrap().handshake.await.is_err());
    }
    let told = router
        .event(|event| (event.name() == "unreachable").then(|| event.to_string()))
        .await;
    assert!(told.contains("was expected; check the identity"), "{told}");
}
