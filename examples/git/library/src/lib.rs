//! Clones Git repositories over whatever an application connects with.
//!
//! The library speaks Git's protocol and knows nothing of TCP, TLS or SSH. It is given a configured
//! [`Context`](tuyau_core::Context) as a value and says where it wants to go; which protocols there
//! are, in which order they are tried and what must protect them is the application's part.
//!
//! Git's protocol comes in three [`Dialect`]s, and which one is spoken on a flow follows from what
//! carries it. So the application says that too, by the key under which a protocol is registered:
//!
//! ```
//! # use tuyau_core::{EndpointKey, Key};
//! # struct TcpKey;
//! # impl EndpointKey for TcpKey { type Endpoint = u16; const NAME: &'static str = "tcp";
//! #     fn show(port: &u16, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{port}") } }
//! use tuyau_git::{Dialect, Dialects};
//!
//! // The same kind of endpoint twice, and two keys: what is spoken there differs.
//! const GIT: Key<TcpKey> = Key::instance(1);
//! const HTTP: Key<TcpKey> = Key::instance(2);
//!
//! let dialects = Dialects::new().with(GIT, Dialect::Daemon).with(HTTP, Dialect::Http);
//! # let _ = dialects;
//! ```
//!
//! With that, [`clone`] is all there is to it. A failed connect is an error that prints the report of
//! every attempt.

mod checkout;
mod clone;
mod dialect;
mod error;
mod fetch;
mod http;
mod pack;
mod remote;
mod repository;
mod stream;

pub use clone::{Cloned, Destination, clone, clone_by, clone_over};
pub use dialect::{Dialect, Dialects};
pub use error::{Error, Kind};
pub use remote::{ParseError, Remote, UploadPack};
