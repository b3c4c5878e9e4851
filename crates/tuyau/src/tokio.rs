//! Tokio both ways: a flow is a tokio stream, a tokio stream is a flow, and tokio's clock is a timer.
//!
//! ```
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use tuyau::tokio::{Compat, FromTokio};
//! use tuyau_core::FlowExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, far) = tokio::io::duplex(64);
//! let mut flow = FromTokio::new(near);
//! flow.write_all(b"there").await?;
//! flow.close_write().await?;
//!
//! let mut stream = Compat::new(FromTokio::new(far));
//! let mut text = String::new();
//! stream.read_to_string(&mut text).await?;
//! stream.shutdown().await?;
//! assert_eq!(text, "there");
//! # Ok(())
//! # }
//! ```
//!
//! The halves of a flow, made by [`split`](tuyau_core::FlowExt::split), are streams too: one that only
//! reads and one that only writes, each for a task of its own. Unlike those of `tokio::io::split`, they
//! become that flow again.
//!
//! ```
//! use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//! use tuyau::tokio::{CompatRead, CompatWrite, FromTokio};
//! use tuyau_core::FlowExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, mut far) = tokio::io::duplex(64);
//! let (read, write) = FromTokio::new(near).split();
//! let (mut lines, mut output) = (BufReader::new(CompatRead::new(read)), CompatWrite::new(write));
//! let greeting = tokio::spawn(async move { output.write_all(b"hello\n").await.map(|()| output) });
//! far.write_all(b"welcome\n").await?;
//! let mut line = String::new();
//! lines.read_line(&mut line).await?;
//! assert_eq!(line, "welcome\n");
//!
//! let write = greeting.await??.into_half();
//! let flow = lines.into_inner().into_half().unite(write);
//! assert!(flow.is_ok(), "they are of one flow");
//! # Ok(())
//! # }
//! ```

mod compat;
mod from_tokio;
mod halves;
mod timer;

pub use compat::Compat;
pub use from_tokio::FromTokio;
pub use halves::{CompatRead, CompatWrite};
pub use timer::TokioTimer;
