//! The command line of `tuyau policy`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use tuyau_router::policy::Action;

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

An identity is given as its text (tuyau1…), or as a file that holds it or its key.")]
pub struct ExplainArgs {
    /// The policy file.
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
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

fn actions() -> impl clap::builder::TypedValueParser<Value = Action> {
    let names = Action::ALL.map(Action::name);
    PossibleValuesParser::new(names).map(|name| {
        let mut all = Action::ALL.into_iter();
        let found = all.find(|action| action.name() == name);
        found.unwrap_or_else(|| unreachable!("{name} is one of the possible values"))
    })
}
