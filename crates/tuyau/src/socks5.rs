//! Connecting through a SOCKS5 proxy (RFC 1928), as a layer over the flow to it.
//!
//! The proxy is asked to CONNECT, without authentication or with a user and a password (RFC 1929).
//! [`proxy`](crate::proxy) has what comes beside the proxy's endpoint, and shows how everything goes
//! through a proxy.
//!
//! ```
//! use tuyau::{mem, proxy::{Destination, Route}, socks5::Socks5};
//! use tuyau_core::{Attempt, FlowExt, Layer, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, mut proxy) = mem::pair();
//! // What a proxy answers that wants no authentication and has connected.
//! proxy.write_all(&[5, 0]).await?;
//! proxy.write_all(&[5, 0, 0, 1, 192, 0, 2, 7, 0x9c, 0x40]).await?;
//!
//! let route = Route::to(Destination::new("git.example.org", 9418)?);
//! let attempt = Attempt::new(Stage::new("socks5"));
//! let mut flow = Socks5::new().connect(near, &route, &attempt).await?;
//! let bound = flow.via().bound().expect("the proxy said it");
//! assert_eq!(bound.to_string(), "192.0.2.7:40000");
//!
//! flow.write_all(b"hello").await?;
//! let mut asked = [0; 3 + 22 + 5];
//! proxy.read_exact(&mut asked).await?;
//! assert!(asked.ends_with(b"\x0fgit.example.org\x24\xcahello"));
//! # Ok(())
//! # }
//! ```
//!
//! The proxy reads and can change what passes: put [`tls`](crate::tls) or [`noise`](crate::noise) over
//! this layer, and its peer is the destination. Listening through a proxy (BIND) and datagrams
//! (UDP ASSOCIATE) are not there.

mod codec;
mod connector;
mod error;

pub use connector::{Socks5, Socks5Key};
pub use error::{Error, Kind, Refusal};
