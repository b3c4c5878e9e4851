//! Flows inside one process: no runtime, no system calls.
//!
//! A [`Hub`] holds named listeners; [`Protocol`] dials them. There is no global hub: who shall meet
//! gets a clone of the same one.
//!
//! ```
//! use tuyau::mem;
//! use tuyau_core::{Attempt, FlowExt, ListenerExt, Protocol, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = mem::Hub::new();
//! let mut listener = hub.listen("kitchen")?;
//!
//! let protocol = mem::Protocol::new(hub);
//! let attempt = Attempt::new(Stage::new("mem"));
//! let mut client = protocol.connect(&"kitchen".into(), &attempt).await?;
//! let mut server = listener.accept().await?.handshake.await?;
//!
//! client.write_all(b"tea?").await?;
//! let mut question = [0; 4];
//! server.read_exact(&mut question).await?;
//! assert_eq!(&question, b"tea?");
//! # Ok(())
//! # }
//! ```

mod datagrams;
mod flow;
mod hub;
mod pipe;

pub use datagrams::{Datagrams, MAX_SIZE, QUEUE, datagram_pair};
pub use flow::{Flow, pair, pair_with_capacity};
pub use hub::{BACKLOG, Hub, KEY, Listener, MemKey, Name, NameResolver, Protocol};

/// How many bytes one direction holds while nobody reads them, unless told otherwise: 64 KiB, what a
/// pipe of the operating system holds.
pub const CAPACITY: usize = 64 * 1024;
