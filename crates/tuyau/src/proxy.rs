//! What [`socks5`](crate::socks5) and [`http_connect`](crate::http_connect) share: where a proxy shall
//! connect to, who asks, and the flow through it.
//!
//! Both are layers over the flow to the proxy. A [`Route`] comes beside the proxy's endpoint; the
//! destination's name is handed to the proxy, which resolves it.
//!
//! # Everything through the proxy
//!
//! A resolver answers every name with the proxy's endpoint, and `try_configure` puts the target beside
//! it as the route, or says in the report why that target cannot be one. What an application's libraries
//! ask for then goes through the proxy, without their knowing. For addresses it is asked by the scheme that
//! `for_scheme` tells it: what is plain behind the proxy should answer for none that promises more. Another
//! layer goes over this one: `tcp.layer(socks5).layer(tls)` speaks TLS with the
//! destination, and the proxy sees none of it. A test of `socks5` shows that with TLS; here with a proxy in
//! memory:
//!
//! ```
//! # #[cfg(all(feature = "mem", feature = "socks5", feature = "tokio"))]
//! # mod example {
//! use tuyau::{mem, proxy::Route, socks5::{Socks5, Socks5Key}, tokio::TokioTimer};
//! use tuyau_core::{
//!     Answers, FlowExt, Key, ListenerExt, ProtocolExt, Registry, ResolverExt, Target, from_function,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = mem::Hub::new();
//! let mut listener = hub.listen("proxy")?;
//!
//! let mut registry = Registry::new();
//! registry.protocol(Key::new(), mem::Protocol::new(hub).layer(Socks5::new()));
//! let proxy = from_function::<mem::MemKey, _>("proxy", |_| {
//!     Some(Answers::ready(["proxy".into()]))
//! });
//! registry.resolver(Key::new(), 0, proxy.try_configure::<Socks5Key, _, _>(Route::of));
//! let context = registry.freeze(TokioTimer::new());
//!
//! // What a proxy says to a client that it connects.
//! let proxy = async {
//!     let mut flow = listener.accept().await?.handshake.await?;
//!     flow.read_exact(&mut [0; 3]).await?;
//!     flow.write_all(&[5, 0]).await?;
//!     flow.read_exact(&mut [0; 22]).await?;
//!     flow.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
//!     flow.write_all(b"hello from there").await?;
//!     Ok::<_, Box<dyn std::error::Error>>(flow)
//! };
//! let target = Target::name("git.example.org").port(9418);
//! let connecting = context.connect(target).open();
//! let (connected, proxy) = tokio::join!(connecting, proxy);
//! let mut connected = connected?;
//! println!("{}", connected.report);
//! //   1. 0.0 ms +0.1 ms  proxy to git.example.org:9418  over socks5/mem  from proxy  at socks5:  connected
//! let mut hello = [0; 16];
//! connected.flow.read_exact(&mut hello).await?;
//! assert_eq!(&hello, b"hello from there");
//! # drop(proxy?);
//! # Ok(())
//! # }
//! # }
//! # #[cfg(all(feature = "mem", feature = "socks5", feature = "tokio"))]
//! # example::main().unwrap();
//! ```

mod credentials;
mod destination;
mod route;
mod tunnel;

pub use credentials::{Credentials, CredentialsError};
pub use destination::{Destination, DestinationError, DestinationErrorKind, Host};
pub use route::Route;
pub use tunnel::{Tunnel, Via};
