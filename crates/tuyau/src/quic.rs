//! QUIC on tokio (RFC 9000): encrypted connections over UDP, with many streams and with datagrams.
//!
//! A flow is one bidirectional stream. [`Quic`] connects and opens the first one; further streams, and
//! the datagrams, of the same connection come from [`Flow::connection`]. [`Datagrams`] is the protocol
//! whose flow is the connection's datagrams (RFC 9221).
//!
//! QUIC brings TLS 1.3 with it, and both sides are set up by the same [`tls::Settings`](crate::tls::Settings)
//! as TLS over TCP: identities, certificates, every [`Authenticator`](crate::tls::Authenticator). Its
//! key is that of TLS over [`QuicKey`], so a resolver gives it the peer to expect in the same way:
//!
//! ```
//! use tuyau::{quic::{self, Quic}, tls, tokio::TokioTimer};
//! use tuyau_core::{FlowExt, Listener, ListenerExt, Literal, Registry, ResolverExt, Target};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server_key = tls::KeyPair::generate()?;
//! let acceptor = tls::Settings::new(server_key.clone()).acceptor()?;
//! let mut listener = quic::Listener::bind(&"quic://127.0.0.1:0".parse()?, &acceptor)?;
//! let address = listener.address().clone();
//! let serving = tokio::spawn(async move {
//!     let mut flow = listener.accept().await?.handshake.await?;
//!     let mut question = [0; 4];
//!     flow.read_exact(&mut question).await?;
//!     flow.write_all(b"yes").await?;
//!     flow.close_write().await?;
//!     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(question)
//! });
//!
//! let connector = tls::Settings::new(tls::KeyPair::generate()?).connector()?;
//! let mut registry = Registry::new();
//! registry.protocol(quic::KEY, Quic::new(connector));
//! let addresses = Literal::<quic::QuicKey>::new();
//! registry.resolver(quic::KEY, 0, addresses.configure::<tls::TlsKey, _>(tls::Peer::of));
//! let context = registry.freeze(TokioTimer::new());
//!
//! let target = Target::from(address).with(tls::ExpectedPeer(server_key.public_key()));
//! let mut flow = context.connect(target).open().await?.flow;
//! flow.write_all(b"tea?").await?;
//! let mut answer = [0; 3];
//! flow.read_exact(&mut answer).await?;
//! assert_eq!(&answer, b"yes");
//! # assert_eq!(&serving.await?.map_err(|error| error.to_string())?, b"tea?");
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! - **The side that dialled speaks first.** QUIC tells the peer of a stream together with its first
//!   bytes. A server's flow is there as soon as the handshake is done; what it writes waits until the
//!   client has written something, or ended its half.
//! - Both sides must name an application protocol (ALPN, RFC 9001, section 8.1). Where the settings
//!   have none it is [`ALPN`].
//! - What was written is sure to arrive only when the writing half was ended
//!   ([`close_write`](tuyau_core::FlowExt::close_write)): a flow that is dropped after that delivers it
//!   in the background, for up to [`LINGER`], while the runtime runs in which the connection was made;
//!   it may be dropped anywhere, also by a plain thread. Dropping a flow whose half is open resets the
//!   stream (RFC 9000, section 19.4): the peer reads [`Truncated`](tuyau_core::ErrorKind::Truncated),
//!   never an end, and may lose what it has not read. After [`abort`](tuyau_core::Flow::abort) it reads
//!   [`Reset`](tuyau_core::ErrorKind::Reset), or `Truncated` when the connection ends with that flow.
//! - Flushing does nothing. What was written is in this process, with the connection's task, until the
//!   peer has acknowledged it, and a dropped flow takes it back.
//! - A connection ends with its last flow and handle.
//! - A peer that vanishes is an error, never an end of the stream.
//! - Both sides have one form of key, raw or X.509: [`Settings::form`](crate::tls::Settings::form).
//!   There is neither resumption nor early data.
//! - Each connection that is dialled has a UDP socket of its own.

mod config;
mod connection;
mod datagrams;
mod error;
mod flow;
mod listener;
mod options;
mod protocol;

use std::{fmt, net::SocketAddr, time::Duration};

use tuyau_core::{Address, EndpointError, EndpointKey, Key, Over};

pub use connection::Connection;
pub use datagrams::{DatagramFlow, DatagramListener};
pub use error::{Error, Kind};
pub use flow::Flow;
pub use listener::Listener;
pub use options::Options;
pub use protocol::{Datagrams, Quic};

use crate::{ip_endpoint, tls::TlsKey};

/// The key of QUIC: an IP endpoint, and the peer to expect there.
pub const KEY: Key<Over<QuicKey, TlsKey>> = Key::new();

/// The application protocol that is named where the settings name none.
pub const ALPN: &str = "tuyau";

/// How long a flow that is dropped after the end of its writing half delivers what was written, at most.
pub const LINGER: Duration = Duration::from_secs(30);

/// The endpoint of QUIC: an IP address and a UDP port. What else an address says is for TLS, which is always
/// over it.
#[derive(Debug)]
pub struct QuicKey;

impl EndpointKey for QuicKey {
    type Endpoint = SocketAddr;
    const NAME: &'static str = "quic";

    fn show(endpoint: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ip_endpoint::show(endpoint, f)
    }

    fn read(address: &Address) -> Result<SocketAddr, EndpointError> {
        ip_endpoint::read(address)
    }
}
