//! WebSocket (RFC 6455) as a layer over any byte flow, client and server: a byte stream that passes
//! where only web traffic does.
//!
//! What is written travels in binary messages. Where it is cut into messages means nothing: the reader
//! gets the bytes of one message after the other, whatever their number and size. Use it over
//! [`tls`](crate::tls) for `wss`.
//!
//! ```
//! use tuyau::{mem, websocket};
//! use tuyau_core::{Acceptor, AnyFlow, Attempt, FlowExt, Layer, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, far) = mem::pair();
//! let request = websocket::Request::new("chat.example.org", "/room/12")?.subprotocol("lines")?;
//! let connector = websocket::Connector::new();
//! let acceptor = websocket::Acceptor::new().subprotocol("lines");
//!
//! let attempt = Attempt::new(Stage::new("websocket"));
//! let (client, server) = tokio::join!(
//!     connector.connect(near, &request, &attempt),
//!     acceptor.accept(far),
//! );
//! let (mut client, mut server) = (client?, AnyFlow::new(server?));
//! let upgrade = server.info::<websocket::Upgrade>().expect("a WebSocket flow knows it");
//! assert_eq!((upgrade.host(), upgrade.path()), ("chat.example.org", "/room/12"));
//!
//! client.write_all(b"hello").await?;
//! client.flush().await?;
//! let mut hello = [0; 5];
//! server.read_exact(&mut hello).await?;
//! assert_eq!(&hello, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! - **The end.** A Close frame ends what its sender writes, and the reader reads the end of the stream.
//!   The other direction goes on until its own Close frame: section 5.5.1 lets a side that was told Close
//!   finish what it is saying. So two flows of this layer have both halves. Many other implementations
//!   answer Close at once and throw away what comes after their own: towards those, end last. The flow
//!   beneath is ended with the later of the two Close frames, or when the WebSocket is dropped behind its
//!   own, as far as that needs no waiting: proxies would take an earlier end for that of both directions.
//! - A Close with another status than 1000 or none is an error that gives the status, and a stream that
//!   ends without Close is [`Truncated`](tuyau_core::ErrorKind::Truncated). A flow that is dropped
//!   without [`close_write`](tuyau_core::FlowExt::close_write) looks so to its peer.
//! - Pings are answered while something reads; of several that came at once, the last.
//! - Text messages are refused with status 1003, since their bytes could not all be written back.
//! - No extension is offered and none accepted, compression among them.
//! - Messages of any size pass without being held, so there is no limit on them unless
//!   [one is set](Connector::message_limit). Heads of the handshake are limited to
//!   [8 KiB](Connector::head_limit); its time is limited by the connect's deadline, or by whoever
//!   awaits an accepted handshake.
//! - Any page in a browser can connect to a server that the browser reaches: a server that trusts its
//!   clients for where they are looks at [`Upgrade::origin`].

mod acceptor;
mod beneath;
mod client;
mod error;
mod flow;
mod frame;
mod masks;
mod proof;
mod request;
mod upgrade;

pub use acceptor::Acceptor;
pub use client::{Connector, WebSocketKey};
pub use error::{Error, Kind};
pub use flow::Flow;
pub use frame::FrameError;
pub use request::{Request, RequestError};
pub use upgrade::Upgrade;
