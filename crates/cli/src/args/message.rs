//! The options of the commands that send and receive messages.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use tuyau_wire::Level;

use super::connect::seconds;

/// By which router, and as whom.
#[derive(Args, Clone, Debug)]
pub struct ViaArgs {
    /// Where the router is.
    #[arg(long, value_name = "ADDRESS", default_value = "tls://127.0.0.1:6000")]
    pub router: String,
    /// Who the router is.
    #[arg(long, value_name = "IDENTITY", conflicts_with = "router_identity_file")]
    pub router_identity: Option<String>,
    /// A file that says who the router is.
    #[arg(long, value_name = "FILE", default_value = "state/router/identity.pub")]
    pub router_identity_file: PathBuf,
    /// The key file to connect with; a new key, used once, unless given.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// By which router, as whom, and what bodies look like.
#[derive(Args, Clone, Debug)]
pub struct ReachArgs {
    /// By which router, and as whom.
    #[command(flatten)]
    pub via: ViaArgs,
    /// Prints JSON, one object a line.
    #[arg(long, conflicts_with = "raw")]
    pub json: bool,
    /// Bodies are CBOR: JSON is turned into it, one message for each line or argument, and what comes
    /// is shown in diagnostic notation.
    #[arg(long, conflicts_with = "raw")]
    pub cbor: bool,
    /// Bodies are bytes: standard input is one message, and what comes is printed as it is.
    #[arg(long)]
    pub raw: bool,
}

/// How messages are sent.
#[derive(Args, Clone, Debug)]
pub struct CarryArgs {
    /// Stores the messages on the router's disk for whom they are for, until they are taken.
    #[arg(long)]
    pub durable: bool,
    /// How far a message has to come before it counts as sent; accepted unless given, with --durable
    /// stored.
    #[arg(long, value_name = "LEVEL")]
    pub ack: Option<Ack>,
    /// How long a message is of use once the router has it, in seconds; as long as the router allows
    /// unless given.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub ttl: Option<Duration>,
    /// The time for connecting, and for each message to be sent, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
}

/// How far a message has to come before it counts as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ack {
    /// Nobody is asked.
    None,
    /// The router has taken it.
    Accepted,
    /// It is on the router's disk.
    Stored,
    /// The recipient is done with it.
    Delivered,
}

impl From<Ack> for Level {
    fn from(ack: Ack) -> Self {
        match ack {
            Ack::None => Self::None,
            Ack::Accepted => Self::Accepted,
            Ack::Stored => Self::Stored,
            Ack::Delivered => Self::Delivered,
        }
    }
}

/// The options of `tuyau send`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau send bob.pub hello
  tuyau send bob.pub one two three --key alice.pem
  tuyau send state/service-1/identity.pub --ack delivered --json

A recipient is an identity, or a file that holds one. Without a message each line of standard input
is one.")]
pub struct SendArgs {
    /// Who gets the messages: an identity, or a file that holds one.
    pub to: String,
    /// The messages, one each.
    pub messages: Vec<String>,
    /// By which router, and as whom.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// How messages are sent.
    #[command(flatten)]
    pub carry: CarryArgs,
}

/// The options of `tuyau publish`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau publish news.pub hello
  tuyau publish news.pub --json
  tuyau publish news.pub hello --key alice.pem --grant alice.grant

A group is a key, and named by its identity or a file that holds one. Without a message each line of
standard input is one.")]
pub struct PublishArgs {
    /// The group: its identity, or a file that holds it.
    pub group: String,
    /// The messages, one each.
    pub messages: Vec<String>,
    /// What allows the key to publish to a restricted group; see `tuyau group`.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub grant: Option<PathBuf>,
    /// By which router, and as whom.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// How messages are sent.
    #[command(flatten)]
    pub carry: CarryArgs,
}

/// The options of `tuyau request`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau request state/service-1/identity.pub hello
  tuyau request bob.pub '{\"a\":1}' --cbor --timeout 5")]
pub struct RequestArgs {
    /// Who is asked: an identity, or a file that holds one.
    pub to: String,
    /// The requests, one each; each line of standard input unless given.
    pub messages: Vec<String>,
    /// By which router, and as whom.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// The time for connecting, and for each reply, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
}

/// The options of `tuyau receive`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau receive --key bob.pem
  tuyau receive --key bob.pem --count 1 --timeout 5 --json")]
pub struct ReceiveArgs {
    /// By which router, and as whom.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// How long and how much.
    #[command(flatten)]
    pub until: UntilArgs,
}

/// The options of `tuyau join`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau join news.pub
  tuyau join news.pub --key bob.pem --count 10 --json
  tuyau join news.pub --key bob.pem --grant bob.grant --durable
  tuyau join news.pub --leave --key bob.pem")]
pub struct JoinArgs {
    /// The group: its identity, or a file that holds it.
    pub group: String,
    /// Stays a member afterwards: durable messages are kept from now on, until it leaves.
    #[arg(long, requires = "key")]
    pub durable: bool,
    /// What allows the key to join a restricted group; see `tuyau group`.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub grant: Option<PathBuf>,
    /// Leaves the group, and receives nothing.
    #[arg(long, requires = "key", conflicts_with_all = ["durable", "count", "grant"])]
    pub leave: bool,
    /// By which router, and as whom.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// How long and how much.
    #[command(flatten)]
    pub until: UntilArgs,
}

/// How long and how much is received.
#[derive(Args, Clone, Debug)]
pub struct UntilArgs {
    /// Ends after so many messages.
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<u64>,
    /// Ends when nothing came for so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}
