//! Peers that are no tuyau service: plain TCP, and TLS by another library's rules.

use std::{io, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tuyau::tls;

use super::{PATIENCE, TestRouter};

/// How long a peer that sends one byte after the other pauses in between.
const PACE: Duration = Duration::from_millis(20);

/// A TCP connection to the router, and where the router sees it.
pub(crate) async fn tcp(router: &TestRouter) -> (TcpStream, String) {
    let socket = router.address().socket().unwrap();
    let stream = TcpStream::connect(socket).await.unwrap();
    let place = stream.local_addr().unwrap().to_string();
    (stream, place)
}

/// Everything that comes until the router closes.
pub(crate) async fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    match read.expect("the router closes") {
        Ok(_) => bytes,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => bytes,
        Err(error) => panic!("{error}"),
    }
}

/// Sends the bytes one by one with a pause after each, until all are sent or the router closed.
pub(crate) async fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    let mut pace = tokio::time::interval(PACE);
    for byte in bytes {
        pace.tick().await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}

/// The first message of a client that speaks TLS 1.2 and nothing newer (RFC 5246, section 7.4.1.2).
pub(crate) fn client_hello_of_tls_1_2() -> Vec<u8> {
    let extensions = [
        &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1][..], // signature_algorithms
        &[0, 10, 0, 6, 0, 4, 0, 29, 0, 23],         // supported_groups
        &[0, 11, 0, 2, 1, 0],                       // ec_point_formats
    ]
    .concat();
    let body = [
        &[3, 3][..],
        &[7; 32],                                 // random
        &[0],                                     // session_id
        &[0, 6, 0xc0, 0x2b, 0xc0, 0x2f, 0, 0x9c], // cipher_suites
        &[1, 0],                                  // compression_methods
        &(extensions.len() as u16).to_be_bytes(),
        &extensions,
    ]
    .concat();
    let handshake = [&[1, 0][..], &(body.len() as u16).to_be_bytes(), &body].concat();
    let length = (handshake.len() as u16).to_be_bytes();
    [&[22, 3, 1][..], &length, &handshake].concat()
}

/// Shakes hands with the router as a TLS 1.3 client with this certificate or none, and gives the
/// error by which the router refuses it.
pub(crate) async fn refused_by_tls(
    router: &TestRouter,
    certificate: Option<rcgen::CertifiedKey<rcgen::KeyPair>>,
) -> (rustls::Error, String) {
    let socket = router.address().socket().unwrap();
    let shake = move || {
        let stream = std::net::TcpStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let place = stream.local_addr().unwrap().to_string();
        let name = ServerName::try_from("router.test").unwrap();
        let session = ClientConnection::new(Arc::new(config(certificate)), name).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        // The client is done before the server has seen its certificate: the refusal comes then.
        let error = loop {
            match io::Read::read(&mut stream, &mut [0; 100]) {
                Ok(0) => panic!("the router closed without saying why"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        (error.downcast::<rustls::Error>().unwrap(), place)
    };
    tokio::task::spawn_blocking(shake).await.unwrap()
}

fn config(certificate: Option<rcgen::CertifiedKey<rcgen::KeyPair>>) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(tls::default_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone));
    match certificate {
        None => config.with_no_client_auth(),
        Some(certificate) => {
            let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
            let chain = vec![certificate.cert.der().clone()];
            let config = config.with_client_auth_cert(chain, PrivateKeyDer::Pkcs8(key));
            config.unwrap()
        }
    }
}

/// Takes any server for the right one.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = tls::default_provider();
        provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
