//! `tuyau connect` connects to a name and copies standard input and output: a small netcat over the
//! library, which shows what the library does.

mod copy;
mod dial;
mod listen;
mod name;

use std::fmt;

use serde::Serialize;
use tuyau_core::{AnyFlow, Report, Target};
use tuyau_wire::Identity;

use super::{
    CommandError, CommandErrorKind,
    attempts::{Attempt, attempts, explained, in_options},
    expected_identity,
    flow_info::FlowInfo,
    new_key,
    signals::Signals,
    small_runtime,
};
use crate::{
    args::ConnectArgs,
    output::{Output, complain},
};
use dial::Dialler;

pub(super) use copy::CopyError;
pub(super) use name::NameError;

pub(super) fn run(args: ConnectArgs) -> Result<(), CommandError> {
    let expected = expected_identity(args.identity.as_deref(), args.identity_file.as_deref())?;
    let key = match &args.key {
        Some(file) => tuyau_client::keyfile::load(file)?,
        None => new_key()?,
    };
    let notes = Notes {
        json: args.json,
        verbose: args.verbose,
    };
    let runtime = small_runtime()?;
    let result = runtime.block_on(async {
        let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
        let mut signals = Signals::new().map_err(runtime)?;
        let work = async {
            match &args.listen {
                Some(address) => listen::accept(address, &key, expected, notes)
                    .await
                    .map(Some),
                None => connect(&args, &key, expected, notes).await,
            }
        };
        let flow = tokio::select! {
            flow = work => flow?,
            () = signals.next() => return Err(CommandError::new(CommandErrorKind::Interrupted)),
        };
        match flow {
            Some(flow) => Ok(copy::copy(flow, signals.next()).await?),
            None => Ok(()),
        }
    });
    // A lookup of a name by the system cannot be stopped, and is not to be waited for.
    runtime.shutdown_background();
    result
}

/// Connects, or with `--plan` only says to what it would.
async fn connect(
    args: &ConnectArgs,
    key: &tuyau_wire::SecretKey,
    expected: Option<Identity>,
    notes: Notes,
) -> Result<Option<AnyFlow>, CommandError> {
    let name = args.name.as_deref().unwrap_or_default();
    let (target, dialler) = match &args.router {
        Some(router) => {
            let identity = name::identity(name, args.port, expected)?;
            let router = (name::address(router)?, router_identity(args)?);
            let dialler = Dialler::by_router(key, identity, router, args)?;
            (Target::name(&identity.to_string()), dialler)
        }
        None => (
            name::target(name, args.port)?,
            Dialler::new(key, expected, args)?,
        ),
    };
    let shown = target.to_string();
    let connect = dialler.connect(target, args);
    if args.plan {
        let plan = connect.plan().await;
        print_plan(&shown, &plan, args.json)?;
        return Ok(None);
    }
    match connect.open().await {
        Ok(connected) => {
            let info = FlowInfo::of(&connected.flow);
            notes.connected(&shown, &connected.report, &info);
            Ok(Some(connected.flow))
        }
        Err(error) => {
            if !notes.json {
                return Err(error.into());
            }
            notes.say(&Event::Failed {
                target: &shown,
                error: explained(&error),
                attempts: attempts(error.report()),
            });
            Err(CommandError::new(CommandErrorKind::Found))
        }
    }
}

/// Who the router of `--router` is, which the command line says with it.
fn router_identity(args: &ConnectArgs) -> Result<Identity, CommandError> {
    let (text, file) = (&args.router_identity, &args.router_identity_file);
    let identity = expected_identity(text.as_deref(), file.as_deref())?;
    identity.ok_or_else(|| CommandError::new(CommandErrorKind::Identity))
}

fn print_plan(target: &str, plan: &Report, json: bool) -> Result<(), CommandError> {
    let event = Event::Plan {
        target,
        attempts: attempts(plan),
    };
    let nothing = format!("{target}: there is no resolver for such a name");
    let text = match plan.attempts.is_empty() {
        true => nothing,
        false => in_options(&plan.to_string()),
    };
    Output::new(json).either(&event, text)?;
    let planned =
        |row: &tuyau_core::AttemptReport| matches!(row.outcome, tuyau_core::Outcome::Planned);
    match plan.attempts.iter().any(planned) {
        true => Ok(()),
        false => Err(CommandError::new(CommandErrorKind::Found)),
    }
}

/// What is said beside the bytes that are copied, on standard error.
#[derive(Clone, Copy, Debug)]
struct Notes {
    json: bool,
    verbose: bool,
}

/// What programs are told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Plan {
        target: &'a str,
        attempts: Vec<Attempt>,
    },
    Connected {
        target: &'a str,
        attempts: Vec<Attempt>,
        flow: &'a FlowInfo,
    },
    Failed {
        target: &'a str,
        error: String,
        attempts: Vec<Attempt>,
    },
    Listening {
        address: &'a str,
    },
    Turned {
        origin: String,
        error: String,
    },
    Accepted {
        origin: String,
        flow: &'a FlowInfo,
    },
}

impl Notes {
    fn say(self, event: &Event<'_>) {
        if let Ok(line) = serde_json::to_string(event) {
            complain(line);
        }
    }

    /// Says `event` to a program, and `text` to a person.
    fn either(self, event: &Event<'_>, text: impl fmt::Display) {
        match self.json {
            true => self.say(event),
            false => complain(text),
        }
    }

    fn connected(self, target: &str, report: &Report, info: &FlowInfo) {
        if self.json {
            let attempts = attempts(report);
            let flow = info;
            self.say(&Event::Connected {
                target,
                attempts,
                flow,
            });
        } else if self.verbose {
            let report = in_options(&report.to_string());
            complain(format_args!("connected to {target}\n{report}\n{info}"));
        }
    }
}
