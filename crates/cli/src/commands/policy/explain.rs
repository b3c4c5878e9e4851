//! Explaining one decision of an access policy.

use std::{error::Error, fmt, path::Path};

use serde::Serialize;
use serde_json::json;
use tuyau_router::{
    AdminClient,
    policy::{Action, Decision, Effect, KeySet, Policy},
};
use tuyau_wire::{Identity, IdentityError};

use crate::{
    args::{AdminArgs, ExplainArgs},
    commands::{CommandError, admin_socket, key, small_runtime},
    config::policy::{self, RuleSummary},
    output::Output,
};

pub(super) fn run(args: ExplainArgs) -> Result<(), CommandError> {
    let output = Output::new(args.json);
    let Some(file) = &args.policy else {
        let question = Question::new(&args)?;
        let (file, policy) = in_force(args.router, &question)?;
        let explanation = Explanation::new(&question, &policy, file.as_deref());
        return Ok(output.either(&explanation, &explanation)?);
    };
    let file = policy::open(file)?;
    let question = Question::new(&args)?;
    let explanation = Explanation::new(&question, &file.policy, Some(&file.file));
    Ok(output.either(&explanation, &explanation)?)
}

/// What a running router says about a question, and the file that it read.
fn in_force(
    router: AdminArgs,
    question: &Question,
) -> Result<(Option<String>, Policy), CommandError> {
    let socket = admin_socket(router)?;
    let about: Vec<_> = [question.identity]
        .into_iter()
        .chain(question.target)
        .collect();
    small_runtime()?.block_on(async {
        let mut router = AdminClient::connect(&socket).await?;
        Ok(router.policy(&about).await?)
    })
}

/// What a policy is asked.
struct Question {
    identity: Identity,
    action: Action,
    target: Option<Identity>,
}

/// Why a question makes no sense.
#[derive(Debug)]
pub(in crate::commands) enum QuestionError {
    /// The action is towards somebody, and nobody is named.
    NoTarget(Action),
    /// The action is towards nobody, and somebody is named.
    Target(Action),
}

/// What a policy decides, and why.
#[derive(Serialize)]
struct Explanation<'p> {
    identity: String,
    action: &'static str,
    target: Option<String>,
    allowed: bool,
    /// The rule that decides; the default where there is none.
    rule: Option<RuleSummary>,
    /// What the policy knows of the identity, and of the target.
    sets: Vec<Membership<'p>>,
    target_sets: Vec<Membership<'p>>,
    /// The file that was read; none where a router was started without one.
    file: Option<&'p str>,
    change: Remedy,
    #[serde(skip)]
    decision: Decision<'p>,
}

/// A set that somebody is in.
#[derive(Serialize)]
struct Membership<'p> {
    name: &'p str,
    line: Option<usize>,
}

/// A rule that would make the decision the opposite one.
#[derive(Serialize)]
struct Remedy {
    /// The line of the rule that it has to stand before; anywhere where there is none.
    before_line: Option<usize>,
    rule: serde_json::Value,
}

impl Question {
    fn new(args: &ExplainArgs) -> Result<Self, CommandError> {
        match (args.action.has_target(), &args.target) {
            (true, None) => return Err(QuestionError::NoTarget(args.action).into()),
            (false, Some(_)) => return Err(QuestionError::Target(args.action).into()),
            _ => {}
        }
        Ok(Self {
            identity: identity(&args.identity)?,
            action: args.action,
            target: args.target.as_deref().map(identity).transpose()?,
        })
    }
}

/// The identity that an argument is, or that the file of that name holds.
fn identity(argument: &str) -> Result<Identity, CommandError> {
    match argument.parse() {
        Ok(identity) => Ok(identity),
        Err(error) if policy::is_identity(argument) => Err(IdentityError::into(error)),
        Err(_) => key::identity_in(Path::new(argument)),
    }
}

impl<'p> Explanation<'p> {
    fn new(question: &Question, policy: &'p Policy, file: Option<&'p str>) -> Self {
        let Question {
            identity,
            action,
            target,
        } = question;
        let decision = policy.decide(identity, *action, target.as_ref());
        let sets_of = |identity| -> Vec<_> {
            let sets = policy.sets_of(identity);
            sets.map(|set| Membership::of(set)).collect()
        };
        Self {
            identity: identity.to_string(),
            action: action.name(),
            target: target.map(|target| target.to_string()),
            allowed: decision.allowed(),
            rule: decision.rule().map(RuleSummary::from),
            sets: sets_of(identity),
            target_sets: target.as_ref().map(sets_of).unwrap_or_default(),
            file,
            change: Remedy::new(question, &decision),
            decision,
        }
    }
}

impl<'p> Membership<'p> {
    fn of(set: &'p KeySet) -> Self {
        Self {
            name: set.name(),
            line: set.place().map(|place| place.line),
        }
    }
}

impl Remedy {
    fn new(question: &Question, decision: &Decision<'_>) -> Self {
        let wanted = if decision.allowed() {
            Effect::Deny
        } else {
            Effect::Allow
        };
        let mut rule = json!({
            wanted.name(): [question.action.name()],
            "who": [question.identity.to_string()],
        });
        if let Some(target) = question.target {
            rule["to"] = json!([target.to_string()]);
        }
        let place = decision.rule().and_then(|rule| rule.place());
        Self {
            before_line: place.map(|place| place.line),
            rule,
        }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decision.rule() {
            Some(_) => writeln!(f, "{}", self.decision)?,
            None => {
                let file = self.file.unwrap_or("the policy in force");
                writeln!(f, "{}: no rule of {file} matches", self.decision)?;
            }
        }
        if let Some(rule) = &self.rule {
            writeln!(f, "  {}", rule.said())?;
        }
        write_sets(f, &self.identity, &self.sets)?;
        if let Some(target) = &self.target {
            write_sets(f, target, &self.target_sets)?;
        }
        let wanted = if self.allowed { "deny" } else { "allow" };
        match self.change.before_line {
            Some(line) => write!(f, "to {wanted} it, put this rule before line {line}:")?,
            None => write!(f, "to {wanted} it, add this rule to `rules`:")?,
        }
        let mut indent = "\n  - ";
        for key in ["allow", "deny", "who", "to"] {
            if let Some(item) = self.change.rule[key][0].as_str() {
                write!(f, "{indent}{key}: [{item}]")?;
                indent = "\n    ";
            }
        }
        Ok(())
    }
}

fn write_sets(f: &mut fmt::Formatter<'_>, identity: &str, sets: &[Membership<'_>]) -> fmt::Result {
    if sets.is_empty() {
        return writeln!(f, "  {identity} is in no set that a rule names");
    }
    let sets = sets.iter().map(|set| match set.line {
        Some(line) => format!("{} (line {line})", set.name),
        None => set.name.to_owned(),
    });
    let sets = sets.collect::<Vec<_>>().join(", ");
    writeln!(f, "  {identity} is in {sets}")
}

impl fmt::Display for QuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTarget(action) => {
                let whom = match action {
                    Action::Send => "the recipient",
                    _ => "the group",
                };
                write!(
                    f,
                    "`{action}` is towards somebody: add the identity of {whom}"
                )
            }
            Self::Target(action) => {
                write!(
                    f,
                    "`{action}` is towards nobody: leave the second identity out"
                )
            }
        }
    }
}

impl Error for QuestionError {}
