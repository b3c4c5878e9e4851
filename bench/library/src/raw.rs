//! The other side: tokio and tokio-rustls by hand.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, ServerConfig,
    SignatureScheme,
    client::{
        AlwaysResolvesClientRawPublicKeys, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring::default_provider, verify_tls13_signature_with_raw_key},
    pki_types::{
        CertificateDer, IpAddr, Ipv4Addr, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName,
        SubjectPublicKeyInfoDer, UnixTime,
    },
    server::{
        AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
    version::TLS13,
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::{Lost, Raw, Stack, keys};

async fn connect(address: SocketAddr) -> Result<TcpStream, Lost> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn accept(listener: &TcpListener) -> Result<TcpStream, Lost> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A listener on a free port of loopback, with room for all that wait.
pub fn listen_raw() -> (TcpListener, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(loopback).expect("a free port");
    // As many as one of ours lets wait.
    let listener = socket.listen(4096).expect("a runtime");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// TCP with tokio.
pub fn raw_tcp_stack() -> Stack<Raw<TcpStream>, Raw<TcpStream>> {
    let (listener, address) = listen_raw();
    let dial = move || async move { Ok(Raw(connect(address).await?)) };
    Stack::new(dial, |accepted| {
        tokio::spawn(async move {
            while let Ok(stream) = accept(&listener).await {
                if accepted.send(Raw(stream)).await.is_err() {
                    return;
                }
            }
        });
    })
}

/// What a connection of tokio-rustls is at either end.
pub type RawTls = Stack<Raw<client::TlsStream<TcpStream>>, Raw<server::TlsStream<TcpStream>>>;

/// TLS over TCP with tokio-rustls, with raw keys on both sides as ours has them.
pub fn raw_tls_stack(provider: &CryptoProvider) -> RawTls {
    let (listener, address) = listen_raw();
    let connector = connector(provider);
    let dial = move || {
        let connector = connector.clone();
        async move { Ok(Raw(shake(&connector, address).await?)) }
    };
    let acceptor = acceptor(provider);
    Stack::new(dial, |accepted| {
        tokio::spawn(async move {
            while let Ok(stream) = accept(&listener).await {
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                if accepted.send(Raw(stream)).await.is_err() {
                    return;
                }
            }
        });
    })
}

pub(crate) async fn shake(
    connector: &TlsConnector,
    address: SocketAddr,
) -> Result<client::TlsStream<TcpStream>, Lost> {
    let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0; 4])));
    let stream = connect(address).await?;
    Ok(connector.connect(nobody, stream).await?)
}

fn certified(seed: [u8; 32]) -> Arc<CertifiedKey> {
    // PKCS#8, version 1 (RFC 8410, section 7).
    let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from([&head[..], &seed].concat()));
    let loaded = default_provider().key_provider.load_private_key(der);
    let signer = loaded.expect("a good key");
    let public = signer.public_key().expect("it has one");
    let public = CertificateDer::from(public.to_vec());
    Arc::new(CertifiedKey::new(vec![public], signer))
}

/// TLS as a client, by hand.
pub(crate) fn connector(provider: &CryptoProvider) -> TlsConnector {
    let resolver = AlwaysResolvesClientRawPublicKeys::new(certified(keys::CLIENT));
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Exactly::new(keys::SERVER)))
        .with_client_cert_resolver(Arc::new(resolver));
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    TlsConnector::from(Arc::new(config))
}

/// TLS as a server, by hand.
pub(crate) fn acceptor(provider: &CryptoProvider) -> TlsAcceptor {
    let resolver = AlwaysResolvesServerRawPublicKeys::new(certified(keys::SERVER));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has TLS 1.3")
        .with_client_cert_verifier(Arc::new(Exactly::new(keys::CLIENT)))
        .with_cert_resolver(Arc::new(resolver));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    TlsAcceptor::from(Arc::new(config))
}

/// Accepts one raw key.
#[derive(Debug)]
struct Exactly {
    provider: CryptoProvider,
    expected: CertificateDer<'static>,
}

impl Exactly {
    fn new(seed: [u8; 32]) -> Self {
        Self {
            provider: default_provider(),
            expected: certified(seed).cert[0].clone(),
        }
    }

    fn check(&self, presented: &CertificateDer<'_>) -> Result<(), Error> {
        match *presented == self.expected {
            true => Ok(()),
            false => Err(Error::General("another key".into())),
        }
    }

    fn check_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(&**presented);
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }
}

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(presented)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _presented: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, presented, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Exactly {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(presented)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _presented: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, presented, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
