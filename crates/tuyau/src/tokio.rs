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

mod compat;
mod from_tokio;
mod timer;

pub use compat::Compat;
pub use from_tokio::FromTokio;
pub use timer::TokioTimer;
