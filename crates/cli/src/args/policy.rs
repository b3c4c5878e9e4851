//! The command line of `tuyau policy`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use tuyau_router::policy::Action;

use super::AdminArgs;

/// The options of `tuyau policy`.
#[derive(Args, Clone, Debug)]
pub struct PolicyArgs {
    /// What to do with a policy.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What `tuyau policy` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Checks a policy file, and shows its sets and rules.
    Check(PolicyCheckArgs),
    /// Tells whether an identity may do something, by which rule, and what would have to change.
    Explain(Box<ExplainArgs>),
    /// Has a running router read its policy file again.
    ///
    /// What is registered, bound or joined and not allowed any more ends at once. A file that is not
    /// valid changes nothing. The signal SIGHUP does the same, and the router's log tells what came of
    /// it.
    Reload(ReloadArgs),
}

/// The options of `tuyau policy check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau policy check conf/policy.yaml
  tuyau policy check conf/policy.yaml --json")]
pub struct PolicyCheckArgs {
    /// The policy file.
    pub file: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tuyau policy explain`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau policy explain --policy conf/policy.yaml alice.pem listen
  tuyau policy explain --policy conf/policy.yaml alice.pem send bob.pem --json
  tuyau policy explain --running alice.pem listen

An identity is given as its text (tuyau1…), or as a file that holds it or its key.")]
pub struct ExplainArgs {
    /// The policy file.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "running",
        conflicts_with_all = ["running", "socket", "config"]
    )]
    pub policy: Option<PathBuf>,
    /// Asks a running router, about the policy that is in force there.
    #[arg(long)]
    pub running: bool,
    /// Which router.
    #[command(flatten)]
    pub router: AdminArgs,
    /// Who does it: an identity, or a file that holds one.
    pub identity: String,
    /// What is done.
    #[arg(value_parser = actions())]
    pub action: Action,
    /// Whom it is towards: the recipient of `send`, the group of `join` and `publish`.
    pub target: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tuyau policy reload`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  tuyau policy reload
  tuyau policy reload --config conf/router.yaml
  tuyau policy reload --socket state/router/admin.sock --json")]
pub struct ReloadArgs {
    /// Which router.
    #[command(flatten)]
    pub router: AdminArgs,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

fn actions() -> impl clap::builder::TypedValueParser<Value = Action> {
    let names = Action::ALL.map(Action::name);
    PossibleValuesParser::new(names).map(|name| {
        let mut all = Action::ALL.into_iter();
        let found = all.find(|action| action.name() == name);
        found.unwrap_or_else(|| unreachable!("{name} is one of the possible values"))
    })
}
