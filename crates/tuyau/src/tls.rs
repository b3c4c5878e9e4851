//! TLS 1.3 as a layer over any byte flow, client and server, with Ed25519 keys as identities.
//!
//! Both sides prove a key. By default the key *is* the identity: it comes as a raw public key
//! (RFC 7250) or inside a self-signed X.509 certificate, no authority and no expiry is involved, and
//! the dialling side says which key it expects. With an [`Authority`] the certificate must also
//! chain to given roots; the leaf's Ed25519 key is still the identity.
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
//! assert_eq!(client.peer_key(), server_key.public_key());
//! assert_eq!(server.peer_key(), client_key.public_key());
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
//! # What to know
//!
//! - Written bytes are gathered into records of up to 16 KiB; [`flush`](tuyau_core::FlowExt::flush)
//!   sends what is gathered. Going to sleep in a read sends it too.
//! - Ending the writing half sends `close_notify`. A peer that ends its stream without is reported
//!   as [`Truncated`](tuyau_core::ErrorKind::Truncated); so a flow that is dropped without
//!   [`close_write`](tuyau_core::FlowExt::close_write) looks truncated to its peer, rightly.
//! - In TLS 1.3 the client is done before the server has seen its certificate: a server that
//!   refuses the client's key is heard of by the client's first read.
//! - There is no session resumption and no early data: each connection proves its keys anew.

mod acceptor;
mod alert;
mod authority;
mod certificate;
mod connector;
mod error;
mod farewell;
mod flow;
mod handshake;
mod input;
mod key;
mod plain_text;
mod settings;
mod transport;
mod verify;

pub use acceptor::Acceptor;
pub use alert::Alert;
pub use authority::Authority;
pub use certificate::CertificateForm;
pub use connector::{Connector, ExpectedPeer, Peer, TlsKey};
pub use error::{Error, Kind, Side};
pub use flow::{Flow, Negotiated, PeerKey};
pub use key::{KeyError, KeyFormat, KeyPair, PublicKey};
pub use plain_text::PlainText;
pub use rustls::crypto::CryptoProvider;
pub use settings::{Settings, SetupError, SetupErrorKind, default_provider};
