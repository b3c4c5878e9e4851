//! The command line of `tuyau group`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, value_parser};
use tuyau_wire::Rights;

use super::ViaArgs;

/// The options of `tuyau group`.
#[derive(Args, Clone, Debug)]
pub struct GroupArgs {
    /// What to do with a group.
    #[command(subcommand)]
    pub command: GroupCommand,
}

/// What `tuyau group` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum GroupCommand {
    /// Says who may join a group and publish to it: everyone, or who has a grant.
    ///
    /// The rules are signed with the group's key and given to a router, which keeps them in place of
    /// those that it had.
    Rules(RulesArgs),
    /// Signs a grant, by which an identity may join a restricted group, or publish to it.
    ///
    /// It is handed to whom it is for, and given with `--grant` to `tuyau join` and `tuyau publish`. No
    /// router is asked.
    Grant(GrantArgs),
}

/// The options of `tuyau group rules`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau group rules news.pem --restrict publish
  tuyau group rules news.pem --restrict join,publish --revoke
  tuyau group rules news.pem")]
pub struct RulesArgs {
    /// The key file of the group.
    pub group: PathBuf,
    /// What wants a grant; nothing unless given, so that the group is open.
    #[arg(long, value_name = "RIGHTS", value_delimiter = ',')]
    pub restrict: Vec<Right>,
    /// Takes back all grants that were signed before.
    #[arg(long)]
    pub revoke: bool,
    /// By which router, and as whom.
    #[command(flatten)]
    pub via: ViaArgs,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tuyau group grant`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau group grant news.pem bob.pub --right join --out bob.grant
  tuyau group grant news.pem alice.pub --right join,publish --days 7 --out alice.grant --json")]
pub struct GrantArgs {
    /// The key file of the group.
    pub group: PathBuf,
    /// Who gets the grant: an identity, or a file that holds one.
    pub identity: String,
    /// What it allows.
    #[arg(long, value_name = "RIGHTS", value_delimiter = ',', required = true)]
    pub right: Vec<Right>,
    /// For how many days it counts.
    #[arg(long, value_name = "NUMBER", default_value = "30", value_parser = value_parser!(u64).range(1..=36_500))]
    pub days: u64,
    /// The file to write; one that is there is replaced.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// What there is a right to in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Right {
    /// To join.
    Join,
    /// To publish.
    Publish,
}

impl Right {
    /// Whether it is one of these.
    pub(crate) fn is_in(self, rights: &[Self]) -> bool {
        rights.contains(&self)
    }

    /// All of these together, of which there is one at least.
    pub(crate) fn all(rights: &[Self]) -> Rights {
        match (Self::Join.is_in(rights), Self::Publish.is_in(rights)) {
            (true, true) => Rights::JoinAndPublish,
            (true, false) => Rights::Join,
            (false, _) => Rights::Publish,
        }
    }
}
