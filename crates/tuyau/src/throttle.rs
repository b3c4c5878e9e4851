//! A limit on how fast bytes pass, each direction on its own, as a layer over any flow.
//!
//! The limit is a bucket: it holds up to a burst of bytes and is filled at a steady [`Rate`]. What is
//! in it may pass at once; when it is empty, reads and writes wait. Nothing is dropped and nothing is
//! held: a flow that may not write takes nothing, so that back-pressure reaches whoever writes, and
//! one that may not read leaves the bytes beneath, so that it reaches the peer.
//!
//! ```
//! use std::time::Duration;
//! use tuyau::{mem, throttle::{Limits, Rate, Throttle}, tokio::TokioTimer};
//! use tuyau_core::{Attempt, FlowExt, Layer, Stage, Timer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let timer = TokioTimer::new();
//! let (near, mut far) = mem::pair();
//! // Ten kilobytes a second, and a kilobyte at once; reading is not limited.
//! let limits = Limits::none().write(Rate::per_second(10_000).burst(1_000));
//! let attempt = Attempt::new(Stage::new("throttle"));
//! let mut near = Throttle::new(timer).connect(near, &limits, &attempt).await?;
//!
//! let bytes = [7; 3_000];
//! let mut read = [0; 3_000];
//! let (written, arrived) = tokio::join!(near.write_all(&bytes), far.read_exact(&mut read));
//! written.and(arrived)?;
//! // A burst at once, and two kilobytes at ten a second.
//! assert!(timer.now() >= Duration::from_millis(200));
//! # Ok(())
//! # }
//! ```
//!
//! The dialling side is a [`Throttle`], whose limits come with the endpoint; the serving side is an
//! [`Acceptor`], whose limits are for each accepted flow. What is beneath keeps its security: over TLS a
//! throttled flow is as authenticated as before.

mod bucket;
mod flow;
mod layer;
mod rate;

pub use flow::Flow;
pub use layer::{Acceptor, Throttle, ThrottleKey};
pub use rate::{Limits, Rate};
