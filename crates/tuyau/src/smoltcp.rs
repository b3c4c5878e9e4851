//! A TCP/IP stack in user space (smoltcp), so that a program carries its own TCP/IP.
//!
//! A [`Network`] is a host of its own: addresses, routes and a stack over one [`Device`], such as a
//! [`Wire`] in memory, a TAP device or a tunnel. [`Tcp`] dials and [`Listener`] accepts there, under
//! the same key as every other TCP; two networks of one program are two instances of the key. [`Udp`]
//! and [`UdpListener`] do the same for datagrams. A [`Driver`] moves the frames: it is a future that runs on any executor.
//!
//! # Example
//!
//! A client and a server, each on a network of its own, joined by a wire:
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # mod example {
//! use tuyau::{smoltcp::{Listener, Network, Tcp, Wire, WireSettings}, tcp::TcpKey, tokio::TokioTimer};
//! use tuyau_core::{FlowExt, Key, ListenerExt, Registry, Table, Target};
//!
//! /// The network on the wire, beside that of the operating system, which is `tcp::KEY`.
//! const LAB: Key<TcpKey> = Key::instance(1);
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let timer = TokioTimer::new();
//! let (left, right) = WireSettings::new().pair();
//! let (client, driver) = Network::builder().address("10.0.0.1/24".parse()?).start(left, timer)?;
//! tokio::spawn(driver);
//! let (server, driver) = Network::builder().address("10.0.0.2/24".parse()?).start(right, timer)?;
//! tokio::spawn(driver);
//!
//! let mut listener = Listener::bind(&server, &"tcp://10.0.0.2:80".parse()?)?;
//! tokio::spawn(async move {
//!     let mut flow = listener.accept().await?.handshake.await?;
//!     flow.write_all(b"welcome").await?;
//!     flow.close_write().await
//! });
//!
//! // Nobody has the first address; the second one is tried a moment later and wins.
//! let mut registry = Registry::new();
//! registry.protocol(LAB, Tcp::new(client));
//! let table = Table::new().with("server", "10.0.0.9:80".parse()?).with("server", "10.0.0.2:80".parse()?);
//! registry.resolver(LAB, 0, table);
//! let context = registry.freeze(timer);
//!
//! let mut connected = context.connect(Target::name("server")).open().await?;
//! let mut text = [0; 7];
//! connected.flow.read_exact(&mut text).await?;
//! assert_eq!(&text, b"welcome");
//! # Ok(())
//! # }
//! # }
//! # #[cfg(feature = "tokio")]
//! # example::main().unwrap();
//! ```
//!
//! # What it cannot do
//!
//! - Fragments are dropped, and nothing is fragmented: a UDP datagram fits into one packet.
//! - ICMP errors are not read. An endpoint that a router calls unreachable is found out by its
//!   silence; only a reset refuses at once. Pings are answered.
//! - There are no selective acknowledgements beyond those that are announced, no path MTU discovery
//!   and no extension headers of IPv6 beyond hop-by-hop options. Congestion is controlled as Reno
//!   does it.
//! - Sequence numbers begin at random, from a generator with a random seed and not as RFC 6528 has
//!   it: someone who sees some of them can guess others. A layer that authenticates protects.
//! - TIME-WAIT lasts 10 seconds, and the oldest such connection makes room for others.
//! - There are no SYN cookies: under a flood of requests with false senders, the oldest of
//!   [`HALF_OPEN`] handshakes makes room for the next.
//! - What was written before a flow was dropped is delivered for at most 120 seconds, then the peer
//!   has 60 to end too, and no more than [`MAX_CLOSING`] such flows are kept: who takes longer is
//!   reset.
//! - Addresses and routes are fixed at the start: no DHCP, no router advertisements.
//! - Each frame is looked up among all sockets: it is made for some thousand flows, not for millions.

mod backlog;
mod cidr;
mod connection;
mod datagrams;
mod device;
mod driver;
mod empty;
mod error;
mod flow;
mod frames;
mod line;
mod loopback;
mod martian;
mod neighbours;
mod network;
mod ports;
mod state;
mod syn;
#[cfg(all(feature = "tap", target_os = "linux"))]
mod tap;
mod tcp;
mod traffic;
mod udp;
mod wire;
mod writers;

use network::Sizes;

pub use backlog::{BACKLOG, HALF_OPEN};
pub use cidr::{Cidr, CidrError, CidrErrorKind};
pub use device::{Device, Medium};
pub use driver::Driver;
pub use error::{DriverError, NetworkError, SetupError};
pub use flow::Flow;
pub use loopback::Loopback;
pub use network::{BUFFER, Builder, MAX_ADDRESSES, MAX_ROUTES, Network};
#[cfg(all(feature = "tap", target_os = "linux"))]
pub use tap::Tap;
pub use tcp::{Listener, Tcp};
pub use traffic::MAX_CLOSING;
pub use udp::{Udp, UdpFlow, UdpListener};
pub use wire::{Wire, WireSettings};
