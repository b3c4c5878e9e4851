//! The batteries of [`tuyau_core`]: protocols, layers, resolvers and backends, one module and one
//! feature each.
//!
//! | module and feature | what it is |
//! |---|---|
//! | `tcp` | TCP on tokio, and host names resolved by the operating system |
//! | `unix` | Unix stream sockets on tokio |
//! | `udp` | UDP on tokio, as datagrams |
//! | `quic` | QUIC on tokio: streams and datagrams of encrypted connections |
//! | `vsock` | sockets between a virtual machine and its host, on tokio |
//! | `serial` | serial lines on tokio |
//! | `mem` | flows inside one process, without a runtime |
//! | `tls` | TLS as a layer over any flow: web servers, pinned and raw keys, Ed25519 identities |
//! | `noise` | the Noise protocol (XX, IK) as a layer over any flow, with X25519 keys as identities |
//! | `ssh` | SSH as a layer over any flow: a command, a subsystem, a forwarded stream |
//! | `websocket` | WebSocket as a layer over any flow, client and server, a byte stream in binary messages |
//! | `socks5` | connecting through a SOCKS5 proxy, as a layer |
//! | `http-connect` | connecting through an HTTP proxy by CONNECT, as a layer |
//! | `throttle` | a limit on bytes per second as a layer |
//! | `fault` | faults on purpose as a layer: delays, cuts, stalls, changed bytes, short reads |
//! | `dns` | names resolved by asking name servers: addresses, SRV, HTTPS and SVCB records, on tokio |
//! | `hosts` | names resolved by the hosts file, without a runtime |
//! | `tokio` | any flow as a tokio stream, any tokio stream as a flow, tokio's timer |
//! | `futures` | any flow as a futures-io stream, any such stream as a flow, any runtime's timer |
//! | `blocking` | TCP, Unix sockets, names and a timer of std, any flow as `Read` and `Write`, without a runtime |
//! | `smoltcp` | a TCP/IP stack in user space, over a wire in memory, a TAP device or a tunnel |
//! | `tap` | TAP and TUN devices of Linux for `smoltcp`, on tokio |
//! | `wireguard` | TCP inside a WireGuard tunnel, with that stack, over any datagrams |
//! | `stack` | TCP, Unix sockets and memory, each plain and under TLS, as the router and its clients use them |
//!
//! No feature is on unless asked for, and none changes what another does. The book's page
//! `docs/book/features.md` has them with what they need and their tests, `docs/book/choosing.md` says
//! which one to take when.
//!
//! # An application with TCP and TLS
//!
//! It plugs together what it wants to speak, and hands libraries the [`Context`]. They say where they
//! want to go, and the report says how it went:
//!
//! ```
//! # #[cfg(all(feature = "tcp", feature = "tls"))]
//! # mod example {
//! use tuyau::{tcp::{self, SystemResolver, Tcp}, tls, tokio::TokioTimer};
//! use tuyau_core::{
//!     Address, FlowExt, Key, Listener, ListenerExt, ProtocolExt, Registry, ResolverExt, Security,
//!     Target,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A server, for the example: TLS over TCP, on a free port.
//! let server_key = tls::KeyPair::generate()?;
//! let acceptor = tls::Settings::new(server_key.clone()).acceptor()?;
//! let address: Address = "tcp://127.0.0.1:0".parse()?;
//! let mut listener = tcp::Listener::bind(&address)?.layer("tls", acceptor)?;
//! let address = listener.address().clone();
//! let serving = tokio::spawn(async move {
//!     // Accepting and shaking hands are two steps; a server spawns the second.
//!     let incoming = listener.accept().await?;
//!     let mut flow = incoming.handshake.await?;
//!     flow.write_all(b"welcome").await?;
//!     flow.close_write().await?;
//!     flow.read(&mut [0; 1]).await?;
//!     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
//! });
//!
//! // The application: two protocols, each with a resolver for its scheme.
//! let connector = tls::Settings::new(tls::KeyPair::generate()?).connector()?;
//! let mut registry = Registry::new();
//! registry.protocol(Key::new(), Tcp::new().layer(connector));
//! registry.protocol(tcp::KEY, Tcp::new());
//! let secure = SystemResolver.configure::<tls::TlsKey, _>(tls::Peer::of);
//! registry.resolver(Key::new(), 0, secure.for_scheme("tls"));
//! registry.resolver(tcp::KEY, 1, SystemResolver.for_scheme("tcp"));
//! let context = registry.freeze(TokioTimer::new());
//!
//! // The library: a target goes in, a flow and a report come out.
//! let target = Target::from(address).with(tls::ExpectedPeer(server_key.public_key()));
//! let connect = context.connect(target).at_least(Security::Authenticated);
//! let mut connected = connect.open().await?;
//! println!("{}", connected.report);
//! //   1. 0.0 ms +1.9 ms  127.0.0.1:41219  over tls/tcp  from system  at tls:  connected
//!
//! let mut text = [0; 7];
//! connected.flow.read_exact(&mut text).await?;
//! assert_eq!(&text, b"welcome");
//! let peer = connected.flow.info::<tls::PeerKey>().expect("TLS knows its peer");
//! assert_eq!(peer.0, server_key.public_key());
//! connected.flow.close_write().await?;
//! # serving.await?.map_err(|error| error.to_string())?;
//! # Ok(())
//! # }
//! # }
//! # #[cfg(all(feature = "tcp", feature = "tls"))]
//! # example::main().unwrap();
//! ```
//!
//! [`Context`]: tuyau_core::Context

#[cfg(any(feature = "blocking", feature = "hosts", feature = "tcp"))]
mod alternate;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "dns")]
pub mod dns;
#[cfg(feature = "fault")]
pub mod fault;
#[cfg(feature = "futures")]
pub mod futures;
#[cfg(any(feature = "noise", feature = "tls", feature = "websocket"))]
mod halves;
#[cfg(feature = "hosts")]
pub mod hosts;
#[cfg(any(feature = "http-connect", feature = "websocket"))]
mod http;
#[cfg(feature = "http-connect")]
pub mod http_connect;
#[cfg(any(feature = "http-connect", feature = "noise", feature = "websocket"))]
mod incoming;
#[cfg(any(
    feature = "blocking",
    feature = "futures",
    feature = "tls",
    feature = "tokio"
))]
mod io_slices;
mod ip_endpoint;
mod listen_error;
#[cfg(feature = "mem")]
pub mod mem;
#[cfg(feature = "noise")]
pub mod noise;
#[cfg(any(feature = "noise", feature = "websocket"))]
mod outgoing;
mod own_scheme;
#[cfg(any(unix, feature = "serial"))]
mod path_endpoint;
#[cfg(any(feature = "fault", feature = "throttle"))]
mod pause;
#[cfg(any(
    feature = "blocking",
    feature = "dns",
    feature = "quic",
    feature = "ssh",
    feature = "tcp"
))]
mod peer_text;
#[cfg(any(feature = "http-connect", feature = "socks5"))]
pub mod proxy;
#[cfg(feature = "quic")]
pub mod quic;
#[cfg(feature = "serial")]
pub mod serial;
#[cfg(any(
    feature = "fault",
    feature = "noise",
    feature = "throttle",
    feature = "websocket"
))]
mod slices;
#[cfg(feature = "smoltcp")]
pub mod smoltcp;
#[cfg(feature = "socks5")]
pub mod socks5;
#[cfg(feature = "ssh")]
pub mod ssh;
#[cfg(all(
    unix,
    feature = "mem",
    feature = "tcp",
    feature = "tls",
    feature = "unix"
))]
pub mod stack;
pub mod tcp;
#[cfg(feature = "throttle")]
pub mod throttle;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod udp;
#[cfg(unix)]
pub mod unix;
#[cfg(all(feature = "vsock", any(target_os = "linux", target_os = "android")))]
pub mod vsock;
#[cfg(feature = "websocket")]
pub mod websocket;
#[cfg(feature = "wireguard")]
pub mod wireguard;

pub use listen_error::{ListenError, ListenErrorKind};
