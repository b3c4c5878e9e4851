//! futures-io both ways, for any runtime: a flow is a stream, a stream is a flow, and any function
//! that waits is a timer.
//!
//! What another runtime has (smol, async-std, glommio, a browser) becomes a protocol in a few lines.
//! Here smol's TCP, raced under its executor, with TLS over it:
//!
#![cfg_attr(feature = "tls", doc = "```")]
#![cfg_attr(not(feature = "tls"), doc = "```ignore")]
//! use std::net::SocketAddr;
//! use async_net::{TcpListener, TcpStream};
//! use tuyau::{futures::{FromFutures, TimerFn}, tcp, tls};
//! use tuyau_core::{
//!     Acceptor, Attempt, FlowError, FlowExt, Key, Protocol, ProtocolExt, Registry, ResolverExt,
//!     Stage, Table, Target,
//! };
//!
//! /// TCP of smol, under the same key as every other TCP.
//! struct SmolTcp;
//!
//! impl Protocol for SmolTcp {
//!     type Key = tcp::TcpKey;
//!     type Flow = FromFutures<TcpStream>;
//!     type Error = FlowError;
//!     const STAGE: Stage = Stage::new("tcp");
//!
//!     async fn connect(
//!         &self,
//!         endpoint: &SocketAddr,
//!         _: &Attempt,
//!     ) -> Result<Self::Flow, FlowError> {
//!         let stream = TcpStream::connect(endpoint).await?;
//!         Ok(FromFutures::new(stream).vectored(true))
//!     }
//! }
//!
//! let smol = async_executor::Executor::new();
//! async_io::block_on(smol.run(async {
//!     // Two servers for one name: one that never answers, and one that shakes hands and greets.
//!     let silent = TcpListener::bind("127.0.0.1:0").await?;
//!     let greeter = TcpListener::bind("127.0.0.1:0").await?;
//!     let endpoints = [silent.local_addr()?, greeter.local_addr()?];
//!     let key = tls::KeyPair::generate()?;
//!     let expected = tls::ExpectedPeer(key.public_key());
//!     let acceptor = tls::Settings::new(key).acceptor()?;
//!     let greeting = smol.spawn(async move {
//!         let (stream, _) = greeter.accept().await?;
//!         let mut flow = acceptor.accept(FromFutures::new(stream)).await?;
//!         flow.write_all(b"welcome").await?;
//!         flow.close_write().await?;
//!         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(flow)
//!     });
//!
//!     // What an application has to say: protocols, resolvers and a timer, all of smol's.
//!     let connector = tls::Settings::new(tls::KeyPair::generate()?).connector()?;
//!     let table = Table::<tcp::TcpKey>::new().with("greeter", endpoints[0]).with("greeter", endpoints[1]);
//!     let mut registry = Registry::new();
//!     registry.protocol(Key::new(), SmolTcp.layer(connector));
//!     registry.resolver(Key::new(), 0, table.configure::<tls::TlsKey, _>(tls::Peer::of));
//!     let context = registry.freeze(TimerFn::new(async_io::Timer::after));
//!
//!     // What a library does is the same under every runtime.
//!     let target = Target::name("greeter").with(expected);
//!     let mut connected = context.connect(target).open().await?;
//!     let mut text = [0; 7];
//!     connected.flow.read_exact(&mut text).await?;
//!     assert_eq!(&text, b"welcome");
//!     // The silent one was tried first, and given up when the other one had answered.
//!     assert_eq!(connected.report.attempts.len(), 2);
//!     # greeting.await.map_err(|error| error.to_string())?;
//!     Ok::<_, Box<dyn std::error::Error>>(())
//! }))?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The halves of a flow, made by [`split`](tuyau_core::FlowExt::split), are streams too: [`CompatRead`]
//! and [`CompatWrite`], each for a task of its own.

mod compat;
mod from_futures;
mod halves;
mod timer;

pub use compat::Compat;
pub use from_futures::FromFutures;
pub use halves::{CompatRead, CompatWrite};
pub use timer::TimerFn;
