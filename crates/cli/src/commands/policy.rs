//! `tuyau policy` checks an access policy, explains what it decides, and has a router read its own again.

mod explain;
mod reload;

use crate::{
    args::{PolicyArgs, PolicyCheckArgs, PolicyCommand},
    config::policy,
    output::Output,
};

use super::{CommandError, check};

pub(super) use explain::QuestionError;

pub(super) fn run(args: PolicyArgs) -> Result<(), CommandError> {
    match args.command {
        PolicyCommand::Check(PolicyCheckArgs { file, json }) => {
            let summary = policy::open(&file).map(|file| file.summary());
            check::tell(summary, Output::new(json))
        }
        PolicyCommand::Explain(args) => explain::run(*args),
        PolicyCommand::Reload(args) => reload::run(args),
    }
}
