//! Faults on purpose, as a layer over any flow: delays, cuts, stalls, changed bytes, short reads and
//! writes.
//!
//! What goes wrong is said in advance and to the byte, so that a test which fails fails again:
//!
//! ```
//! use tuyau::{fault::{Fault, Faults, Trouble}, mem, tokio::TokioTimer};
//! use tuyau_core::{Attempt, ErrorKind, FlowExt, Layer, Stage};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, mut far) = mem::pair();
//! // The second byte arrives changed, and after the fifth the line is cut.
//! let faults = Faults::none().read(Trouble::none().corrupt(1).cut(5));
//! let attempt = Attempt::new(Stage::new("fault"));
//! let mut near = Fault::new(TokioTimer::new()).connect(near, &faults, &attempt).await?;
//!
//! far.write_all(b"hello, world").await?;
//! let mut read = [0; 5];
//! near.read_exact(&mut read).await?;
//! assert_eq!(&read, b"h\x9allo");
//! let error = near.read(&mut read).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Reset);
//! // The other side sees that the line is gone.
//! assert_eq!(far.read(&mut read).await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # What can go wrong
//!
//! Each direction has its own [`Trouble`]; bytes are numbered from 0, in each direction.
//!
//! | trouble | effect |
//! |---|---|
//! | `delay` | each read or write first waits for this time |
//! | `short` | a read or write moves at most so many bytes |
//! | `corrupt` | the byte with this number has all its bits turned over |
//! | `cut` | after so many bytes the flow beneath is dropped, and both directions fail with [`Reset`](tuyau_core::ErrorKind::Reset) |
//! | `stall` | after so many bytes nothing moves in this direction any more, not even the end of the stream |
//!
//! A cut is what a peer that dies does: the other side sees an end, and a layer that tells such an end
//! from a meant one says truncated. What was written before it has been flushed;
//! over a flow that takes back what it has not delivered when it is dropped, such as QUIC's, the other side
//! may lose it.
//!
//! Beneath a layer that protects, faults are what a network does; above it, what a faulty program does.
//! `tcp.layer(fault).layer(tls)` and `tcp.layer(tls).layer(fault)` are both protocols. What is beneath
//! keeps its security.

mod faults;
mod flow;
mod half;
mod layer;

pub use faults::{Faults, Trouble};
pub use flow::Flow;
pub use layer::{Acceptor, Fault, FaultKey};
