//! TLS as a layer over any byte flow, client and server (rustls).
//!
//! [`Settings`] say what this side proves and how it judges the other one; they make a
//! [`Connector`], which is a layer for dialling, and an [`Acceptor`] for serving. There are two ways
//! to deal with each other:
//!
//! - **By certificates**, as the web does: a server presents one for its name, made by an authority,
//!   and an [`Authenticator`] says which authorities or keys count.
//! - **By identity**: both sides prove an Ed25519 key, which *is* who they are. No authority and no
//!   expiry is involved.
//!
//! # A server of the web
//!
//! The resolver gives the name that the certificate must be for: [`Peer::of`] takes it from the target.
//!
//! ```
//! # #[cfg(feature = "tcp")] {
//! use tuyau::{tcp::{SystemResolver, Tcp}, tls, tokio::TokioTimer};
//! use tuyau_core::{Key, ProtocolExt, Registry, ResolverExt, Target};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let authenticator = tls::Authenticator::platform()?;
//! let https = tls::Settings::anonymous(authenticator).alpn(["http/1.1"]).connector()?;
//!
//! let mut registry = Registry::new();
//! registry.protocol(Key::new(), Tcp::new().layer(https));
//! let names = SystemResolver.configure::<tls::TlsKey, _>(tls::Peer::of);
//! registry.resolver(Key::new(), 0, names.for_scheme("https"));
//! let context = registry.freeze(TokioTimer::new());
//!
//! let connect = context.connect(Target::name("example.org").port(443));
//! // let flow = connect.open().await?.flow;
//! # Ok(())
//! # }
//! # }
//! ```
//!
//! The server's side is [`Settings::certified`], with [`Credentials`] from PEM files.
//!
//! # Two identities
//!
//! ```
//! use tuyau::{mem, tls};
//! use tuyau_core::{Acceptor, AnyFlow, Attempt, FlowExt, Layer, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (client_key, server_key) = (tls::KeyPair::generate()?, tls::KeyPair::generate()?);
//! let connector = tls::Settings::new(client_key.clone()).connector()?;
//! let acceptor = tls::Settings::new(server_key.clone()).acceptor()?;
//!
//! let (near, far) = mem::pair();
//! let expected = tls::Peer::key(server_key.public_key());
//! let attempt = Attempt::new(Stage::new("tls"));
//! let (client, server) = tokio::join!(
//!     connector.connect(near, &expected, &attempt),
//!     acceptor.accept(far),
//! );
//! let (mut client, mut server) = (client?, server?);
//! assert_eq!(client.peer_key(), Some(server_key.public_key()));
//! assert_eq!(server.peer_key(), Some(client_key.public_key()));
//!
//! client.write_all(b"ping").await?;
//! client.flush().await?;
//! let mut ping = [0; 4];
//! server.read_exact(&mut ping).await?;
//! assert_eq!(&ping, b"ping");
//! # Ok(())
//! # }
//! ```
//!
//! The key comes as a raw public key (RFC 7250) or inside a self-signed X.509 certificate, and the
//! dialling side says which one it expects. With an [`Authority`] the certificate must also chain to
//! given roots; the leaf's Ed25519 key is still the identity.
//!
//! # What to know
//!
//! - Written bytes are gathered into records of up to 16 KiB; [`flush`](tuyau_core::FlowExt::flush)
//!   sends what is gathered. Going to sleep in a read sends it too.
//! - Ending the writing half sends `close_notify`. A peer that ends its stream without is reported
//!   as [`Truncated`](tuyau_core::ErrorKind::Truncated); so a flow that is dropped without
//!   [`close_write`](tuyau_core::FlowExt::close_write) looks truncated to its peer, rightly.
//! - The server is told the target's DNS name, by which it chooses its certificate, and whoever can read
//!   on the way reads it too (SNI, RFC 6066, section 3). IP addresses are not sent, and by identity
//!   nothing is, unless an [`Authority`] vouches for the name.
//! - In TLS 1.3 the client is done before the server has seen its certificate: a server that
//!   refuses the client's key is heard of by the client's first read.
//! - Sessions with a server whose name an authority vouched for are resumed by tickets; [`Negotiated`]
//!   tells it. A key that is expected, and an identity, is proved anew each time, and a server that asks
//!   for client certificates gives no tickets: one would outlive the certificate. Early data is neither
//!   sent nor taken.
//! - TLS 1.3 is spoken, and 1.2 only after [`Settings::allow_tls12`].

mod alert;
mod error;
mod peer;
mod proof;
mod provider;
mod session;
mod settings;

pub use alert::Alert;
pub use error::{Error, Kind, Side};
pub use peer::{
    Authenticator, BadCertificate, Description, ExpectedPeer, Peer, PeerCertificates, Pin,
    PinError, TlsKey,
};
pub use proof::{Authority, CertificateForm, Credentials, KeyError, KeyFormat, KeyPair, PublicKey};
pub use provider::default_provider;
pub use rustls::crypto::CryptoProvider;
pub use session::{Acceptor, Connector, Flow, Negotiated, PeerKey, PlainText};
#[cfg(feature = "quic")]
pub(crate) use session::{Knowledge, Prepared};
pub use settings::{ClientCertificates, Settings, SetupError, SetupErrorKind};
