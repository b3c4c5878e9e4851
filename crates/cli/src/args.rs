//! The command line.

use std::{error::Error, fmt, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::ConfigKind;

/// A message router whose addresses are public keys.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "tuyau",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  tuyau demo                                      one router on a screen, to play with
  tuyau router                                    serve on tls://127.0.0.1:6000
  tuyau service --config conf/service-1.yaml      a service that registers and answers
  tuyau doctor tls://127.0.0.1:6000               find out why a router does not answer
  tuyau connect tcp://127.0.0.1:7 -v              copy standard input and output"
)]
pub struct Tuyau {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Shows a router and its state on the terminal, with services to start and stop.
    Demo(DemoArgs),
    /// Serves as a router.
    Router(RouterArgs),
    /// Runs the test service: registers a route, prints what comes, answers, comes back.
    Service(ServiceArgs),
    /// Makes and shows keys.
    #[command(after_help = "\
Examples:
  tuyau key new --out alice.pem
  tuyau key show state/router/identity.pub")]
    Key(KeyArgs),
    /// Shows, saves and restores the state of a running router.
    #[command(after_help = "\
Examples:
  tuyau state show
  tuyau state save backup.cbor
  tuyau state inspect backup.cbor --json")]
    State(StateArgs),
    /// Checks a configuration file without running anything.
    Check(CheckArgs),
    /// Finds out, step by step, why a router does not answer.
    Doctor(DoctorArgs),
    /// Connects to a name, and copies standard input and output.
    Connect(Box<ConnectArgs>),
}

/// The options of `tuyau demo`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  tuyau demo
  tuyau demo --headless
  tuyau demo --config conf/demo.yaml --state-dir state/demo")]
pub struct DemoArgs {
    /// The configuration of the router that is shown.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Performs the same story without a terminal, a line for each step.
    #[arg(long)]
    pub headless: bool,
    /// The directory of the demo's keys and state.
    #[arg(long, value_name = "DIRECTORY")]
    pub state_dir: Option<PathBuf>,
    /// Prints JSON, one object a line.
    #[arg(long, requires = "headless")]
    pub json: bool,
}

/// The options of `tuyau router`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  tuyau router
  tuyau router --config conf/router.yaml
  tuyau router --listen tls://0.0.0.0:6000 --listen tls+unix:///run/tuyau.sock
  tuyau router --set limits.frame_bytes=65536 --json")]
pub struct RouterArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to accept connections; may be given more than once.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<String>,
    /// The directory of the router's key and state.
    #[arg(long, value_name = "DIRECTORY")]
    pub state_dir: Option<PathBuf>,
    /// Sets a key of the configuration; may be given more than once.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Prints the log as JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tuyau service`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  tuyau service
  tuyau service --config conf/service-2.yaml
  tuyau service --listen tls://127.0.0.1:0 --state-dir state/extra --json")]
pub struct ServiceArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to accept connections of the router.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where the router is.
    #[arg(long, value_name = "ADDRESS")]
    pub router: Option<String>,
    /// Who the router is.
    #[arg(long, value_name = "IDENTITY")]
    pub router_identity: Option<String>,
    /// The directory of the service's key.
    #[arg(long, value_name = "DIRECTORY")]
    pub state_dir: Option<PathBuf>,
    /// Sets a key of the configuration; may be given more than once.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Ends when standard input ends, as it does when the program that started this one ends.
    #[arg(long)]
    pub until_stdin_closes: bool,
    /// Prints what happens as JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tuyau key`.
#[derive(Args, Clone, Debug)]
pub struct KeyArgs {
    /// What to do with keys.
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// What `tuyau key` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes a key file that only its owner can read, and shows the identity. It overwrites nothing.
    #[command(after_help = "\
Examples:
  tuyau key new
  tuyau key new --out alice.pem --json")]
    New {
        /// The file to make.
        #[arg(long, value_name = "FILE", default_value = "identity.pem")]
        out: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows the identity in a key file or an identity file.
    #[command(after_help = "\
Examples:
  tuyau key show state/router/identity.pem
  tuyau key show state/router/identity.pub --json")]
    Show {
        /// A key file, or a file that holds an identity.
        file: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The options of `tuyau state`.
#[derive(Args, Clone, Debug)]
pub struct StateArgs {
    /// What to do with the state.
    #[command(subcommand)]
    pub command: StateCommand,
}

/// What `tuyau state` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum StateCommand {
    /// Shows the number of messages and the routing table of a running router.
    #[command(after_help = "\
Examples:
  tuyau state show
  tuyau state show --socket state/router/admin.sock --json")]
    Show {
        /// Which router.
        #[command(flatten)]
        router: AdminArgs,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Saves the state of a running router to a file.
    #[command(after_help = "\
Example:
  tuyau state save backup.cbor")]
    Save {
        /// The file to write; one that is there is replaced.
        file: PathBuf,
        /// Which router.
        #[command(flatten)]
        router: AdminArgs,
    },
    /// Restores the state of a running router from a file.
    #[command(after_help = "\
Example:
  tuyau state restore backup.cbor --config conf/router.yaml")]
    Restore {
        /// The file to read.
        file: PathBuf,
        /// Which router.
        #[command(flatten)]
        router: AdminArgs,
    },
    /// Shows what a file holds that was saved, without a router.
    #[command(after_help = "\
Example:
  tuyau state inspect backup.cbor --json")]
    Inspect {
        /// The file to read.
        file: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which running router is meant.
#[derive(Args, Clone, Debug, Default)]
pub struct AdminArgs {
    /// The router's admin socket.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    pub socket: Option<PathBuf>,
    /// The router's configuration, which says where its admin socket is.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The options of `tuyau check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau check conf/router.yaml
  tuyau check --kind service my.yaml --json")]
pub struct CheckArgs {
    /// The configuration file.
    pub file: PathBuf,
    /// What it configures; its keys decide unless this is given.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// What a configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A router.
    Router,
    /// A test service.
    Service,
}

impl From<Kind> for ConfigKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Router => Self::Router,
            Kind::Service => Self::Service,
        }
    }
}

/// The options of `tuyau doctor`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau doctor tls://127.0.0.1:6000
  tuyau doctor tls://127.0.0.1:6000 --identity-file state/router/identity.pub
  tuyau doctor tls://router.example.org:6000 --json")]
pub struct DoctorArgs {
    /// Where the router should be.
    pub address: String,
    /// Who should answer there.
    #[arg(long, value_name = "IDENTITY", conflicts_with = "identity_file")]
    pub identity: Option<String>,
    /// A file that says who should answer there.
    #[arg(long, value_name = "FILE")]
    pub identity_file: Option<PathBuf>,
    /// The key file to connect with; a new key, used once, unless given.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tuyau connect`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau connect tls://127.0.0.1:6000 --identity-file state/router/identity.pub -v
  tuyau connect router.example.org --port 6000 --plan
  tuyau connect tcp://127.0.0.1:7 --deadline 2.5 --json
  tuyau connect --listen tls://127.0.0.1:6001
  tuyau connect tuyau1… --router tls://127.0.0.1:6000 --router-identity-file router.pub

A name is tls://HOST:PORT, tcp://HOST:PORT, tls+unix:///PATH, unix:///PATH, HOST:PORT, or HOST
with --port PORT. Without a scheme it is TLS, and plain TCP only with --allow-downgrade. With
--router it is an identity, and the router tells where that is registered.")]
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
    /// Who has to answer there.
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
    /// Accepts one connection at this address instead of making one.
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
    /// The peer has proved the identity that was asked for.
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
}

/// The longest time that can be given; who waits for a day waits for ever.
const LONGEST: f64 = 86_400.0;

fn seconds(text: &str) -> Result<Duration, SecondsError> {
    let seconds = text.parse::<f64>().ok();
    let seconds = seconds.filter(|seconds| (0.001..=LONGEST).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or(SecondsError)
}

/// A text that is no number of seconds.
#[derive(Debug)]
struct SecondsError;

impl fmt::Display for SecondsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a number of seconds from 0.001 to {LONGEST}")
    }
}

impl Error for SecondsError {}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Tuyau::command().debug_assert();
    }

    #[test]
    fn help_at_every_level_has_an_example_that_parses() {
        fn visit(command: &clap::Command) -> usize {
            let help = command.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_else(|| panic!("{} has no example", command.get_name()));
            assert!(help.starts_with("Example"), "{help}");
            for line in help.lines().skip(1).take_while(|line| !line.is_empty()) {
                let words = line.split("   ").next().unwrap_or(line).split_whitespace();
                Tuyau::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
            let mut commands = 1;
            for sub in command.get_subcommands() {
                commands += visit(sub);
            }
            commands
        }
        assert_eq!(visit(&Tuyau::command()), 15);
    }
}
