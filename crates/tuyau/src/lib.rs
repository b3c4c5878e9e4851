//! The batteries of [`tuyau_core`].
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "mem", feature = "tcp", feature = "unix"))]
mod listen_error;
#[cfg(feature = "mem")]
pub mod mem;
#[cfg(all(feature = "mem", feature = "tcp", feature = "tls", feature = "unix"))]
pub mod stack;
#[cfg(feature = "tcp")]
pub mod tcp;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(all(feature = "unix", unix))]
pub mod unix;

#[cfg(any(feature = "mem", feature = "tcp", feature = "unix"))]
pub use listen_error::{ListenError, ListenErrorKind};
