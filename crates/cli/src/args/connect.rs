//! The options of `tuyau connect`.

use std::{error::Error, fmt, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

/// The options of `tuyau connect`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau connect --listen tls://127.0.0.1:7777     one end, in a terminal of its own
  tuyau connect tls://127.0.0.1:7777 -v           the other: what is typed comes out there
  tuyau connect router.example.org --port 6000 --plan
  tuyau connect tcp://127.0.0.1:7 --deadline 2.5 --json
  tuyau connect tls://example.org:443 --web --alpn http/1.1 -v
  tuyau connect wss://example.org/chat --web -v
  tuyau connect tuyau1… --router tls://127.0.0.1:6000 --router-identity-file router.pub

A name is tls://HOST:PORT, tcp://HOST:PORT, wss://HOST/PATH or ws://HOST/PATH (WebSocket, at port
443 or 80 unless one is given), tls+unix:///PATH, unix:///PATH, HOST:PORT, or HOST with --port PORT.
Without a scheme it is TLS, and plain TCP only with --allow-downgrade. With --router it is an
identity, and the router tells where that is registered.

Other protocols of the library, such as QUIC and SSH, are not compiled into this program.")]
pub struct ConnectArgs {
    /// What to connect to: an address, a host, or an identity.
    #[arg(required_unless_present = "listen")]
    pub name: Option<String>,
    /// The port, when the name has none.
    #[arg(long)]
    pub port: Option<u16>,
    /// Only says what would be tried, and in which order; nothing is connected to.
    #[arg(long)]
    pub plan: bool,
    /// Tells what was tried and what is known of the peer, on standard error.
    #[arg(short, long)]
    pub verbose: bool,
    /// Tells it as JSON, one object a line: the plan on standard output, the rest on standard error.
    #[arg(long)]
    pub json: bool,
    /// Who has to answer there; what cannot prove it is not connected to.
    #[arg(long, value_name = "IDENTITY", conflicts_with = "identity_file")]
    pub identity: Option<String>,
    /// A file that says who has to answer there.
    #[arg(long, value_name = "FILE")]
    pub identity_file: Option<PathBuf>,
    /// The key file to connect with; a new key, used once, unless given.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The router whose table says where an identity is.
    #[arg(long, value_name = "ADDRESS", requires = "router_is")]
    pub router: Option<String>,
    /// Who the router is.
    #[arg(
        long,
        value_name = "IDENTITY",
        group = "router_is",
        requires = "router"
    )]
    pub router_identity: Option<String>,
    /// A file that says who the router is.
    #[arg(long, value_name = "FILE", group = "router_is", requires = "router")]
    pub router_identity_file: Option<PathBuf>,
    /// Presents the key, and wants the peer's, in an X.509 certificate instead of as a raw key.
    #[arg(long)]
    pub x509: bool,
    /// Expects a certificate for the host's name, of an authority that this system trusts.
    #[arg(
        long,
        conflicts_with_all = ["identity", "identity_file", "key", "x509", "router", "ca", "listen"]
    )]
    pub web: bool,
    /// Expects a certificate for the host's name, of an authority in this PEM file.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["identity", "identity_file", "key", "x509", "router", "listen"]
    )]
    pub ca: Option<PathBuf>,
    /// An application protocol to agree on (ALPN); may be given more than once, the preferred first.
    #[arg(long, value_name = "PROTOCOL", conflicts_with = "listen")]
    pub alpn: Vec<String>,
    /// What the connection has to be worth at least.
    #[arg(long, value_name = "SECURITY")]
    pub at_least: Option<Floor>,
    /// Permits a plain connection when no protected one comes about.
    #[arg(long)]
    pub allow_downgrade: bool,
    /// Tries this protocol only.
    #[arg(long, value_name = "PROTOCOL")]
    pub only: Option<Only>,
    /// The time for resolving, connecting and every handshake together, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub deadline: Duration,
    /// Accepts one connection instead of making one, at tls://IP:PORT, tcp://IP:PORT,
    /// tls+unix:///PATH or unix:///PATH; port 0 is a free one.
    #[arg(
        long,
        value_name = "ADDRESS",
        conflicts_with_all = [
            "name", "port", "plan", "x509", "at_least", "allow_downgrade", "only", "router",
        ]
    )]
    pub listen: Option<String>,
}

/// What a connection is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Floor {
    /// Anyone on the way can read and change it.
    Plain,
    /// Nobody on the way can read it, but the peer is not the one that was asked for for certain.
    Encrypted,
    /// The peer has proved to be the one that was asked for.
    Authenticated,
}

/// The protocols of `tuyau connect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// TLS over TCP.
    Tls,
    /// TCP.
    Tcp,
    /// TLS over a Unix socket.
    #[value(name = "tls+unix")]
    TlsUnix,
    /// A Unix socket.
    Unix,
    /// WebSocket over TLS.
    Wss,
    /// WebSocket over TCP.
    Ws,
}

/// The longest time that can be given; who waits for a day waits for ever.
const LONGEST: f64 = 86_400.0;

pub(super) fn seconds(text: &str) -> Result<Duration, SecondsError> {
    let seconds = text.parse::<f64>().ok();
    let seconds = seconds.filter(|seconds| (0.001..=LONGEST).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or(SecondsError)
}

/// A text that is no number of seconds.
#[derive(Debug)]
pub(super) struct SecondsError;

impl fmt::Display for SecondsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a number of seconds from 0.001 to {LONGEST}")
    }
}

impl Error for SecondsError {}
