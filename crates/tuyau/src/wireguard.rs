//! TCP inside a WireGuard tunnel, with a stack in user space: no interface of the system, no privileges.
//!
//! A [`Tunnel`] is a [`smoltcp::Network`](crate::smoltcp::Network) whose device is an end of a WireGuard
//! tunnel. [`WireGuard`] dials and [`Listener`] accepts inside; what is encrypted goes over any
//! [`Datagrams`](tuyau_core::Datagrams): UDP, memory, or what else keeps the borders of messages. The
//! peer is known by its key, so flows to an address of its own count as authenticated. Those to a network
//! behind it do not ([`WireGuard::routed`]): they leave the tunnel at the peer.
//!
//! # Example
//!
//! ```
//! # #[cfg(all(feature = "mem", feature = "tokio"))]
//! # mod example {
//! use tuyau::{mem, tcp::TcpKey, tokio::TokioTimer};
//! use tuyau::wireguard::{Interface, Listener, Peer, PeerKey, PrivateKey, WireGuard};
//! use tuyau_core::{FlowExt, Key, ListenerExt, Registry, Security, Table, Target};
//!
//! /// The endpoints inside the tunnel, beside those of the system's network.
//! const INSIDE: Key<TcpKey> = Key::instance(1);
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let timer = TokioTimer::new();
//! let (alice, bob) = (PrivateKey::generate()?, PrivateKey::generate()?);
//! let bob_key = bob.public_key();
//! // With UDP it would be `tuyau::udp`: one side dials, the other one listens.
//! let (near, far) = mem::datagram_pair();
//!
//! let peer = Peer::new(bob_key).allow("10.7.0.2/32".parse()?).over(near);
//! let alice_end = Interface::new(alice.clone()).address("10.7.0.1/24".parse()?).peer(peer);
//! let (near, driver) = alice_end.start(timer)?;
//! tokio::spawn(driver);
//! let peer = Peer::new(alice.public_key()).allow("10.7.0.1/32".parse()?).over(far);
//! let bob_end = Interface::new(bob).address("10.7.0.2/24".parse()?).peer(peer);
//! let (far, driver) = bob_end.start(timer)?;
//! tokio::spawn(driver);
//!
//! let mut listener = Listener::bind(&far, &"tcp://10.7.0.2:80".parse()?)?;
//! tokio::spawn(async move {
//!     let mut flow = listener.accept().await?.handshake.await?;
//!     flow.write_all(b"inside").await?;
//!     flow.close_write().await
//! });
//!
//! let mut registry = Registry::new();
//! registry.protocol(INSIDE, WireGuard::new(near));
//! registry.resolver(INSIDE, 0, Table::new().with("bob", "10.7.0.2:80".parse()?));
//! let context = registry.freeze(timer);
//! let connect = context.connect(Target::name("bob")).at_least(Security::Authenticated);
//! let mut flow = connect.open().await?.flow;
//! let mut text = [0; 6];
//! flow.read_exact(&mut text).await?;
//! assert_eq!(&text, b"inside");
//! assert_eq!(flow.info::<PeerKey>(), Some(&PeerKey(bob_key)));
//! # Ok(())
//! # }
//! # }
//! # #[cfg(all(feature = "mem", feature = "tokio"))]
//! # example::main().unwrap();
//! ```
//!
//! # What to know
//!
//! - The periods of WireGuard's own timers are measured by the system's clock; the network's timer
//!   only says when to look at it, four times a second. A timer in virtual time does not make
//!   handshakes repeat or expire sooner.
//! - A handshake without an answer is repeated every 5 seconds and given up after 90.
//! - Who is at the other end of a connection is known by its address inside the tunnel: no packet of
//!   a peer is taken whose source its [`Peer::allow`] does not hold.
//! - Anyone can send datagrams to a listener. Of senders that are no peers 64 are kept, 16 of one IP
//!   address, and none is forgotten before its first datagram was read; handshakes beyond 100 a second
//!   are answered with a cookie, and their senders have to repeat them with it.
//! - Datagrams that their carrier does not take at once wait, up to 64 of them; more are dropped.

mod accepting;
mod carriers;
mod error;
mod flow;
mod interface;
mod keys;
mod protocol;
mod status;
mod tunnel;

pub use error::InterfaceError;
pub use flow::{Flow, PeerKey};
pub use interface::{Interface, MTU, Peer, Tunnel};
pub use keys::{KeyError, PresharedKey, PrivateKey, PublicKey};
pub use protocol::{Listener, WireGuard};
pub use status::TunnelError;
pub use tunnel::TunnelDevice;
