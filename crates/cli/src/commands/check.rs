//! `tuyau check` checks a configuration file.

use std::fmt::Display;

use serde::Serialize;

use super::{CommandError, CommandErrorKind};
use crate::{
    args::CheckArgs,
    config::{self, ConfigError, ConfigErrors},
    output::Output,
};

#[derive(Serialize)]
struct Verdict<'a, S> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a S>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Problem<'a>>,
    /// How many errors there are beyond those.
    omitted: usize,
}

#[derive(Serialize)]
struct Problem<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
}

pub(super) fn run(args: CheckArgs) -> Result<(), CommandError> {
    let output = Output::new(args.json);
    tell(config::check(&args.file, args.kind.map(Into::into)), output)
}

/// Prints what a file was found to hold, or what is wrong with it.
pub(super) fn tell<S: Serialize + Display>(
    checked: Result<S, ConfigErrors>,
    output: Output,
) -> Result<(), CommandError> {
    match checked {
        Ok(summary) => {
            let verdict = Verdict {
                ok: true,
                summary: Some(&summary),
                errors: Vec::new(),
                omitted: 0,
            };
            Ok(output.either(&verdict, &summary)?)
        }
        Err(errors) if output.is_json() => {
            output.either(&verdict(&errors), "")?;
            Err(CommandError::new(CommandErrorKind::Found))
        }
        Err(errors) => Err(errors.into()),
    }
}

fn verdict(errors: &ConfigErrors) -> Verdict<'_, ()> {
    let problems = errors.iter().map(problem).collect();
    Verdict {
        ok: false,
        summary: None,
        errors: problems,
        omitted: errors.omitted(),
    }
}

fn problem(error: &ConfigError) -> Problem<'_> {
    Problem {
        file: error.file(),
        line: error.line(),
        column: error.column(),
        message: error.message(),
    }
}
