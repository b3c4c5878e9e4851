//! SSH as a layer over any byte flow: a remote command, a subsystem or a forwarded stream is a flow.
//!
//! `Tcp::new().layer(ssh)` is a protocol, and so is SSH over a proxy or over anything else. Each
//! flow is a connection of its own with one channel (RFC 4254). It ends as the channel does: closing
//! the writing half sends `EOF`, and a peer that goes without one is a truncated stream.
//!
//! The server's key is checked against `known_hosts` files as OpenSSH reads them, this side proves
//! itself by keys in OpenSSH's files, by an agent or by a password. A [`HostKey`] is an information
//! of the flow, and so are the [`ExitStatus`] and the [`ErrorOutput`] of a command, once they came.
//!
//! # An application that runs a command
//!
//! ```no_run
//! use tuyau::{ssh, tcp::{SystemResolver, Tcp}, tokio::TokioTimer};
//! use tuyau_core::{Address, FlowExt, Key, ProtocolExt, Registry, ResolverExt, Target};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ssh::PrivateKey::read_file("/home/alice/.ssh/id_ed25519", None)?;
//! let settings = ssh::Settings::new()
//!     .known_hosts_file("/home/alice/.ssh/known_hosts")
//!     .key(key);
//!
//! let mut registry = Registry::new();
//! let ssh = registry.protocol(Key::new(), Tcp::new().layer(settings.connector()));
//! let resolver = SystemResolver.configure::<ssh::SshKey, _>(ssh::Remote::of);
//! registry.resolver(Key::new(), 0, resolver.for_scheme("ssh"));
//! let context = registry.freeze(TokioTimer::new());
//!
//! let address: Address = "ssh://alice@example.org:22".parse()?;
//! let target = Target::from(address).with(ssh::Open::command("uname -a"));
//! let mut connected = context.connect(target).via(&ssh).open().await?;
//! println!("{}", connected.flow.host_key().expect("this side dialled").0.fingerprint());
//! connected.flow.close_write().await?;
//! let mut text = [0; 4096];
//! let length = connected.flow.read(&mut text).await?;
//! println!("{}", String::from_utf8_lossy(&text[..length]));
//! # Ok(())
//! # }
//! ```
//!
//! # What the server connects to
//!
//! [`Settings::forwarder`] makes a layer that opens [`Open::Tcp`] and [`Open::Unix`] too. Such a flow ends
//! beyond the server: its [`HostKey`] is still that server's, and it counts as plain, as one through a proxy
//! does. So a caller who asks for `Security::Authenticated` never gets it for the host that was asked for,
//! unless a layer over it, such as TLS, has that host prove itself.
//!
//! # What reports say
//!
//! A connect has three stages here: `ssh`, in which the server proves its key,
//! [`authenticate`](Connector::AUTHENTICATE), in which this side does, and
//! [`channel`](Connector::CHANNEL), in which the server opens what was asked for. So a wrong password
//! and a command that is refused stand in different lines of a report:
//!
//! ```text
//! 1. 0.1 ms +9.3 ms  192.0.2.7:22 as alice@example.org  over ssh/tcp  from system  at authenticate:  …
//! ```
//!
//! # What runs in the background
//!
//! The session runs in a task of tokio's: connecting and accepting want a tokio runtime. That task
//! owns the flow beneath, so [`find`](tuyau_core::FlowExt::find) does not reach below an SSH flow;
//! the addresses of the flow beneath are handed on. Dropping a connect ends the task at once. A
//! dropped flow still sends what it had accepted, for at most [`FAREWELL`].

mod acceptor;
mod auth;
mod channel;
mod client;
mod connector;
mod error;
mod error_output;
mod flow;
mod forwarder;
mod inbox;
mod key;
mod known_hosts;
mod remote;
mod server;
mod settings;
mod wire;

pub use acceptor::{Acceptor, ServerSettings};
pub use connector::Connector;
pub use error::{Error, Kind, Place};
pub use error_output::ErrorOutput;
pub use flow::{ExitStatus, Flow, HostKey, PeerKey, User};
pub use forwarder::{ForwardKey, Forwarder};
pub use key::{KeyError, PrivateKey, PublicKey};
pub use remote::{Open, Remote, SshKey};
pub use settings::Settings;
pub use wire::FAREWELL;
