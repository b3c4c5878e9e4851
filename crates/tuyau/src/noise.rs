//! The Noise protocol as a layer over any byte flow, client and server, with X25519 keys as
//! identities and no certificates.
//!
//! Both sides prove a static key, and the dialling side says which one it expects. What is written is
//! encrypted, and the end of a stream is told from a cut one.
//!
//! ```
//! use tuyau::{mem, noise};
//! use tuyau_core::{Acceptor, Attempt, FlowExt, Layer, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (client_key, server_key) = (noise::KeyPair::generate()?, noise::KeyPair::generate()?);
//! let connector = noise::Connector::new(client_key.clone(), noise::Pattern::Xx);
//! let acceptor = noise::Acceptor::new(server_key.clone());
//!
//! let (near, far) = mem::pair();
//! let expected = noise::Peer::key(server_key.public_key());
//! let attempt = Attempt::new(Stage::new("noise"));
//! let (client, server) = tokio::join!(
//!     connector.connect(near, &expected, &attempt),
//!     acceptor.accept(far),
//! );
//! let (mut client, mut server) = (client?, server?);
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
//! # Patterns
//!
//! - [`Pattern::Xx`]: three messages, one and a half round trips. Each side learns the other's key in
//!   the handshake; the client shows its own only after the server's was checked.
//! - [`Pattern::Ik`]: two messages, one round trip. The client must know the server's key beforehand.
//!
//! An acceptor serves both. Who may do what is decided by [`PeerKey`] afterwards: it accepts every
//! client that proves a key.
//!
//! # On the wire
//!
//! This is all that another implementation needs beside
//! [the Noise specification](https://noiseprotocol.org/noise.html), revision 34, whose sections are
//! cited.
//!
//! 1. The protocol is `Noise_XX_25519_ChaChaPoly_BLAKE2s` or `Noise_IK_25519_ChaChaPoly_BLAKE2s`. The
//!    prologue is the 15 bytes `tuyau noise v1\n`, unless both sides set another.
//! 2. Each Noise message, of the handshake and after it, is preceded by its length in bytes, as two
//!    bytes, the higher first (section 13). The length itself is not counted.
//! 3. The dialling side is the initiator. Payloads of handshake messages are empty, so that their
//!    lengths are 32, 96 and 64 for XX, 96 and 48 for IK. A message of another length is refused, and a
//!    responder knows the pattern by the length of the first one: 32 is XX, 96 is IK.
//! 4. After the handshake both sides send transport messages (section 5.3). Those with a payload of
//!    1 to 65,519 bytes carry the stream, cut anywhere; this implementation writes up to 16,384 and
//!    reads all.
//! 5. A transport message with an empty payload, whose length is 16, ends what its sender writes. The
//!    other direction goes on. What comes after it is not read. A stream beneath that ends without
//!    it was cut.
//! 6. A message that does not decrypt ends the reading; nothing is said to the peer. There is no
//!    rekeying: a direction would have to send 2^64 - 1 messages first (section 5.1).
//!
//! # What to know
//!
//! - A written message is handed to the flow beneath at once, as far as it takes it;
//!   [`flush`](tuyau_core::FlowExt::flush) sends what it did not take.
//! - A flow that is dropped without [`close_write`](tuyau_core::FlowExt::close_write) looks cut to its
//!   peer: it reads [`Truncated`](tuyau_core::ErrorKind::Truncated).
//! - A server that does not like a client's key, or cannot read an IK client's first message because it
//!   is meant for another key, says nothing: the connection ends.
//! - In IK a server is done with the handshake before it has seen that the client is there now: a
//!   recorded first message that is played back gives it a flow of which nothing can be read. Act on a
//!   client's key after its first bytes. And whoever gets hold of the server's private key can tell from
//!   recordings which clients called. XX has neither weakness (section 7.7).
//! - Keys are X25519 keys, which are not Ed25519 keys: use a pair for one of the two only.

mod acceptor;
mod connector;
mod error;
mod flow;
mod handshake;
mod key;

pub use acceptor::Acceptor;
pub use connector::{Connector, ExpectedPeer, NoiseKey, Peer};
pub use error::{Error, Kind};
pub use flow::{Flow, PeerKey};
pub use handshake::{PROLOGUE, Pattern};
pub use key::{KeyError, KeyPair, PublicKey};
