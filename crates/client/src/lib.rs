//! What a service links: connect to a router, register, send, receive.
//!
//! - [`Session`] is one authenticated connection to a router: [`register`](Session::register),
//!   [`send`](Session::send), [`next`](Session::next).
//!   A [`Sender`] sends to one destination over and over, with a receipt of the level that is wanted;
//!   [`Requester`] makes requests; [`Session::join`] joins a group, and [`GroupKey`] signs what its key
//!   says about it.
//! - [`Client`] has sessions with one or several routers, comes back after a loss, sends durable messages
//!   again that have no receipt, and gives what comes as one stream.
//! - [`Service`] keeps such a session alive: it comes back after a loss, renews its registration,
//!   answers what it gets, and takes its registration back at the end. What happens it tells as
//!   [`ServiceEvent`]s.
//! - [`RouterTable`] is a resolver: with it a program connects to a service by its identity, directly,
//!   wherever the router says that it is.
//! - [`keyfile`], [`identity_file`] and [`state_dir`] are the files around a key, with rules that
//!   keep the secret half secret.
//!
//! A router is always known by its identity before it is connected to; the TLS handshake proves
//! it, and nobody is trusted for having answered first.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use tuyau::{mem::Hub, stack::Stack};
//! use tuyau_client::{Session, Settings, identity_file, keyfile, tls_settings};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = keyfile::load_or_create(Path::new("identity.pem"))?;
//! let router = identity_file::read(Path::new("state/router/identity.pub"))?;
//! let stack = Stack::with_settings(tls_settings(&key)?, Hub::new())?;
//!
//! let address = "tls://127.0.0.1:6000".parse()?;
//! let settings = Settings::new(key);
//! let session = Session::connect(stack.context(), &address, router, &settings).await?;
//! session.send(router, "hi there").await?;
//! while let Some(delivery) = session.next().await {
//!     session.send(delivery.from, delivery.body).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod file;
mod group_key;
pub mod identity_file;
pub mod keyfile;
mod pauses;
mod router_identity;
mod router_table;
mod seen;
mod sequence;
mod service;
mod session;
mod settings;
pub mod state_dir;
mod transport;

pub use client::{Client, ClientBuilder, ClientEvent, ClientSender, Sent, Unsettled};
pub use file::{FileError, FileErrorKind};
pub use group_key::GroupKey;
pub use pauses::Pauses;
pub use router_identity::RouterIdentity;
pub use router_table::{RouterTable, RouterTableError};
pub use seen::{SEEN_MESSAGES, SEEN_TIME};
pub use sequence::Sequence;
pub use service::{
    InboundError, LIFETIME, LinkError, STABLE, Service, ServiceError, ServiceEvent, Via,
};
pub use session::{
    Delivery, Destination, JoinOptions, LookupError, Notice, OpenError, Peer, Posted, Receipt,
    Rejection, RequestError, Requester, SendOptions, Sender, Session, SessionError,
    SessionErrorKind, TryPostError,
};
pub use settings::{DEADLINE_MAX, HANDSHAKE_DEADLINE, IDLE, REQUEST_DEADLINE, Settings};
pub use transport::tls_settings;
