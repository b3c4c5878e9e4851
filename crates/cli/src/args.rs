//! The command line.

mod connect;
mod decode;
mod group;
mod message;
mod policy;
mod unknown;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::ConfigKind;

pub use connect::{ConnectArgs, Floor, Only};
pub use decode::DecodeArgs;
pub use group::{GrantArgs, GroupArgs, GroupCommand, Right, RulesArgs};
pub use message::{
    Ack, CarryArgs, JoinArgs, PublishArgs, ReachArgs, ReceiveArgs, RequestArgs, SendArgs,
    UntilArgs, ViaArgs,
};
pub use policy::{ExplainArgs, PolicyArgs, PolicyCheckArgs, PolicyCommand, ReloadArgs};

/// Reads the command line; ends the program where that is wrong, or asks for help.
pub(crate) fn read() -> Tuyau {
    Tuyau::try_parse().unwrap_or_else(|error| unknown::with_commands(error).exit())
}

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
    /// Checks an access policy, explains what it decides, and has a router read its own again.
    #[command(after_help = "\
Examples:
  tuyau policy check conf/policy.yaml
  tuyau policy explain --policy conf/policy.yaml alice.pem listen
  tuyau policy reload")]
    Policy(PolicyArgs),
    /// Finds out, step by step, why a router does not answer.
    Doctor(DoctorArgs),
    /// Connects to a name, and copies standard input and output.
    Connect(Box<ConnectArgs>),
    /// Sends messages to a service by its identity.
    Send(Box<SendArgs>),
    /// Receives what is sent to a key, also after the router was restarted.
    Receive(Box<ReceiveArgs>),
    /// Joins a group, and receives what is published to it.
    Join(Box<JoinArgs>),
    /// Publishes messages to a group.
    Publish(Box<PublishArgs>),
    /// Says who may join a group and publish to it, and signs grants.
    #[command(after_help = "\
Examples:
  tuyau key new --out news.pem
  tuyau group rules news.pem --restrict publish
  tuyau group grant news.pem alice.pub --right publish --out alice.grant")]
    Group(GroupArgs),
    /// Sends requests to a service, and prints its replies.
    Request(Box<RequestArgs>),
    /// Explains a captured stream of the wire protocol: what one side said in one session.
    ///
    /// The stream is in the file as it is, or as text: hexadecimal digits, white space, and comments
    /// behind `#`. There is a line for each message, and at the end what is wrong, at which byte, what
    /// that means and what to do. The exit code is 1 when something is wrong.
    Decode(DecodeArgs),
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
    ///
    /// The whole table is replaced: a service that is not in the file is not registered any more until
    /// it renews, even while it is connected.
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
        assert_eq!(visit(&Tuyau::command()), 28);
    }
}
