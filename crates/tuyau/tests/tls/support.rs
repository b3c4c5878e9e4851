//! Peers, ours and raw ones.

use std::{error::Error, io, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName,
    ServerConfig, ServerConnection, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime},
    server::{
        ResolvesServerCert,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};
use tuyau::{mem, tcp, tls, tokio::TokioTimer};
use tuyau_core::{
    Acceptor as _, Attempt, Flow, FlowError, FlowExt, Layer, Listener, ListenerExt, Protocol, Stage,
};

pub(crate) fn key() -> tls::KeyPair {
    tls::KeyPair::generate().unwrap()
}

pub(crate) fn acceptor(key: &tls::KeyPair) -> tls::Acceptor {
    let settings = tls::Settings::new(key.clone()).farewell(TokioTimer::new());
    settings.acceptor().unwrap()
}

pub(crate) fn connector(key: &tls::KeyPair) -> tls::Connector {
    tls::Settings::new(key.clone()).connector().unwrap()
}

pub(crate) async fn dial<F: Flow>(
    connector: &tls::Connector,
    flow: F,
    peer: tls::Peer,
) -> Result<tls::Flow<F>, tls::Error> {
    let attempt = Attempt::new(Stage::new("tls"));
    connector.connect(flow, &peer, &attempt).await
}

pub(crate) type Side = Result<tls::Flow<mem::Flow>, tls::Error>;

/// Shakes hands in memory.
pub(crate) async fn shake(
    connector: &tls::Connector,
    peer: tls::Peer,
    acceptor: tls::Acceptor,
) -> (Side, Side) {
    let (near, far) = mem::pair();
    tokio::join!(dial(connector, near, peer), acceptor.accept(far))
}

/// A TCP connection, so that the system's rules about resets apply.
pub(crate) async fn tcp_pair() -> (tcp::Flow, tcp::Flow) {
    let mut listener = tcp::Listener::bind_socket("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = listener.address().socket().unwrap();
    let attempt = Attempt::new(Stage::new("tcp"));
    let tcp = tcp::Tcp::new();
    let (near, far) = tokio::join!(tcp.connect(&endpoint, &attempt), listener.accept());
    (near.unwrap(), far.unwrap().handshake.await.unwrap())
}

/// The error of whichever type in the chain of causes.
pub(crate) fn cause<E: Error + 'static>(error: &FlowError) -> &E {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return found;
        }
        next = error.source();
    }
    panic!("no such cause in {error:?}");
}

/// Drives a raw rustls connection to the end of the stream, as a peer does that waits for an answer,
/// or until it fails and has said so.
pub(crate) async fn drive(
    connection: impl Into<Connection>,
    flow: &mut impl Flow,
) -> Result<Connection, rustls::Error> {
    let mut connection = connection.into();
    let mut buffer = [0; 4096];
    let mut plain = Vec::new();
    loop {
        let mut out = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut out).unwrap();
        }
        // A peer that is gone is noticed by reading, after what it said last.
        if flow.write_all(&out).await.is_ok() {
            let _ = flow.flush().await;
        }
        let count = flow.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            return Ok(connection);
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            connection.read_tls(&mut rest).unwrap();
            if let Err(error) = connection.process_new_packets() {
                let mut alert = Vec::new();
                while connection.wants_write() {
                    connection.write_tls(&mut alert).unwrap();
                }
                let _ = flow.write_all(&alert).await;
                let _ = flow.close_write().await;
                return Err(error);
            }
            let _ = io::Read::read_to_end(&mut connection.reader(), &mut plain);
        }
    }
}

/// A raw client that trusts anyone.
pub(crate) fn stranger(
    version: &'static rustls::SupportedProtocolVersion,
    raw_server_key: bool,
) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let provider = tls::default_provider();
    let trusting = Trusting(provider.clone(), raw_server_key);
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting))
}

pub(crate) fn client(config: ClientConfig) -> ClientConnection {
    let name = ServerName::try_from("example.org").unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

/// A self-signed certificate for a key of some algorithm.
pub(crate) fn certified(algorithm: &'static rcgen::SignatureAlgorithm) -> CertifiedKey {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let params = rcgen::CertificateParams::new(vec!["example.org".into()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let provider = tls::default_provider();
    let der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let signer = provider.key_provider.load_private_key(der).unwrap();
    CertifiedKey::new(vec![certificate.der().clone()], signer)
}

/// A raw server that trusts anyone.
pub(crate) fn server(
    version: &'static rustls::SupportedProtocolVersion,
    raw_client_key: bool,
    resolver: Arc<dyn ResolvesServerCert>,
) -> ServerConnection {
    let provider = tls::default_provider();
    let trusting = Trusting(provider.clone(), raw_client_key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(Arc::new(trusting))
        .with_cert_resolver(resolver);
    ServerConnection::new(Arc::new(config)).unwrap()
}

#[derive(Debug)]
struct Trusting(Arc<CryptoProvider>, bool);

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.1
    }
}

impl ClientCertVerifier for Trusting {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.1
    }
}
