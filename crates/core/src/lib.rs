//! A name goes in, a connected flow comes out, over whichever protocols the application plugged in.
//!
//! This crate is the vocabulary that applications, libraries and protocol authors share. It knows
//! no I/O and no runtime: protocols for tokio, for memory and for others live in the crate `tuyau`
//! or in yours.
//!
//! # The words
//!
//! - A **protocol** ([`Protocol`]) moves payload to an endpoint without interpreting it: TCP, a
//!   Unix socket, memory.
//! - An **endpoint** is what a protocol needs to connect. Its type belongs to the protocol.
//! - A **key** ([`Key`]) names an endpoint type. Several protocols may share a key.
//! - A **flow** ([`Flow`]) is a connected instance of a protocol: a byte stream in both directions.
//! - A **layer** ([`Layer`]) turns a protocol into another one: `tcp.layer(tls)` is a protocol.
//! - A **resolver** ([`Resolver`]) turns a [`Target`] into endpoints, under one key, with a rank.
//! - A **registry** ([`Registry`]) is a value that holds protocols and resolvers; frozen, it is a
//!   [`Context`], and a context connects.
//! - A **listener** ([`Listener`]) accepts flows; an [`Acceptor`] is a layer seen from the server.
//!
//! # A library over tuyau
//!
//! It depends on this crate alone and takes the configured [`Context`] as a value:
//!
//! ```
//! use tuyau_core::{ConnectError, Context, FlowExt, Target};
//!
//! async fn ask(context: &Context, target: Target) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
//!     let mut connected = context.connect(target).open().await?;
//!     connected.flow.write_all(b"hello\n").await?;
//!     connected.flow.flush().await?;
//!     let mut answer = vec![0; 512];
//!     let length = connected.flow.read(&mut answer).await?;
//!     answer.truncate(length);
//!     Ok(answer)
//! }
//! ```
//!
//! # When it fails
//!
//! A failed connect is a [`ConnectError`], and printing it shows every attempt with its resolver,
//! endpoint, protocol, stage, time and cause. A successful one carries the same [`Report`].
//!
//! # Without the standard library
//!
//! The crate wants an allocator and nothing else. The feature `std` adds conversions from and to
//! `std::io::Error`, and `FlowExt::split`, whose two halves share a lock.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

mod address;
mod any;
mod attempt;
mod connect;
mod context;
mod datagrams;
mod endpoint;
mod error;
mod flow;
mod key;
mod layer;
mod listener;
mod protocol;
mod race;
mod report;
mod resolver;
mod target;
mod visible;

pub use address::{Address, AddressError, AddressErrorKind};
pub use any::AnyFlow;
pub use attempt::{Attempt, Stage};
pub use connect::{Connect, ConnectVia, Connected};
pub use context::{Context, Handle, Registry, Timer};
pub use datagrams::{AnyDatagrams, Datagrams, DatagramsExt};
pub use endpoint::AnyEndpoint;
pub use error::{BoxError, Chain, ErrorKind, FlowError};
pub use flow::{Flow, FlowExt, LocalAddress, PeerAddress};
#[cfg(feature = "std")]
pub use flow::{ReadHalf, WriteHalf};
pub use key::{EndpointError, EndpointKey, Key, KeyId, LayerKey, Over};
pub use layer::{Acceptor, Layer, Layered, LayeredError};
pub use listener::{
    AnyListener, AnyListenerError, BoxHandshake, Incoming, LayeredListener, Listener, ListenerExt,
    Origin,
};
pub use protocol::{Endpoint, Protocol, ProtocolExt, Security};
pub use race::Strategy;
pub use report::{AttemptReport, ConnectError, ConnectErrorKind, Outcome, Report, SkipReason};
pub use resolver::{
    Answers, Configured, ForScheme, FromFunction, Literal, Resolver, ResolverExt, Table,
    TryConfigured, Under, from_function,
};
pub use target::Target;
