//! Connecting through an HTTP proxy by CONNECT (RFC 9110, section 9.3.6), as a layer over the flow to
//! it.
//!
//! HTTP/1.1, without authentication or with Basic (RFC 7617). [`proxy`](crate::proxy) has what comes
//! beside the proxy's endpoint, and shows how everything goes through a proxy.
//!
//! ```
//! use tuyau::{http_connect::HttpConnect, mem, proxy::{Destination, Route}};
//! use tuyau_core::{Attempt, FlowExt, Layer, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, mut proxy) = mem::pair();
//! // What a proxy answers that has connected, and what the destination says at once.
//! proxy.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n220 hello\r\n").await?;
//!
//! let route = Route::to(Destination::new("mail.example.org", 587)?);
//! let attempt = Attempt::new(Stage::new("http-connect"));
//! let mut flow = HttpConnect::new().connect(near, &route, &attempt).await?;
//! let mut hello = [0; 11];
//! flow.read_exact(&mut hello).await?;
//! assert_eq!(&hello, b"220 hello\r\n");
//! # Ok(())
//! # }
//! ```
//!
//! Any answer between 200 and 299 is agreement, and what comes behind its head is the destination's,
//! whatever lengths the head tells. The proxy reads and can change what passes: put
//! [`tls`](crate::tls) or [`noise`](crate::noise) over this layer, and its peer is the destination. A
//! proxy that is itself spoken to by TLS is `tcp.layer(tls).layer(http_connect)`.

mod connector;
mod error;

pub use connector::{HttpConnect, HttpConnectKey};
pub use error::{Access, Error, Kind};
