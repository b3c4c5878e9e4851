//! `tuyau state` talks to a running router, and reads what was saved.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tuyau_core::Address;
use tuyau_router::{AdminClient, RowView, Source, State, Timestamp, View, snapshot};
use tuyau_wire::{Identity, Rules, Signed};

use super::{CommandError, admin_socket as socket, small_runtime};
use crate::{
    args::{StateArgs, StateCommand},
    files,
    output::Output,
    plural,
};

/// How many rows are asked for at a time.
const PAGE: usize = 10_000;

pub(super) fn run(args: StateArgs) -> Result<(), CommandError> {
    match args.command {
        StateCommand::Show { router, json } => show(&socket(router)?, Output::new(json)),
        StateCommand::Save { file, router } => save(&socket(router)?, &file),
        StateCommand::Restore { file, router } => restore(&socket(router)?, &file),
        StateCommand::Inspect { file, json } => inspect(&file, Output::new(json)),
    }
}

fn show(socket: &Path, output: Output) -> Result<(), CommandError> {
    small_runtime()?.block_on(async {
        let mut router = AdminClient::connect(socket).await?;
        let view = whole(&mut router).await?;
        let rows: Vec<_> = view.rows.iter().map(Shown::from).collect();
        let now = Timestamp::now();
        if output.is_json() {
            let value = json!({
                "identity": view.identity.to_string(),
                "listen": texts(&view.listen),
                "uptime_seconds": now.since(view.started).as_secs(),
                "processed": view.processed,
                "routes": rows.iter().map(Shown::json).collect::<Vec<_>>(),
            });
            return Ok(output.line(value)?);
        }
        output.line(format_args!("router    {}", view.identity))?;
        output.line(format_args!("listen    {}", texts(&view.listen).join(" ")))?;
        output.line(format_args!(
            "uptime    {} s",
            now.since(view.started).as_secs()
        ))?;
        print(view.processed, &rows, output)
    })
}

/// The view with every row.
async fn whole(router: &mut AdminClient) -> Result<View, CommandError> {
    let mut view = router.view(0, PAGE).await?;
    while view.rows.len() < view.total {
        let page = router.view(view.rows.len(), PAGE).await?;
        if page.rows.is_empty() {
            break;
        }
        view.rows.extend(page.rows);
    }
    Ok(view)
}

fn save(socket: &Path, file: &Path) -> Result<(), CommandError> {
    let bytes = small_runtime()?.block_on(async {
        let mut router = AdminClient::connect(socket).await?;
        Ok::<_, CommandError>(router.save().await?)
    })?;
    files::replace(file, &bytes).map_err(|error| CommandError::file(file, "write", error))?;
    Ok(Output::new(false).line(format_args!(
        "saved {} bytes to {}",
        bytes.len(),
        file.display()
    ))?)
}

fn restore(socket: &Path, file: &Path) -> Result<(), CommandError> {
    let (bytes, state) = read(file)?;
    let before = small_runtime()?.block_on(async {
        let mut router = AdminClient::connect(socket).await?;
        let before = whole(&mut router).await?;
        router.restore(bytes).await?;
        Ok::<_, CommandError>(before)
    })?;
    let (processed, routes) = (state.processed, state.table.len());
    let rules = match state.groups.len() {
        0 => String::new(),
        groups => format!(", with the rules of {groups} {},", plural::groups(groups)),
    };
    let text = format!(
        "restored {processed} {} and {routes} {}{rules} from {}{}",
        plural::messages(processed),
        plural::routes(routes),
        file.display(),
        gone(&before, &state)
    );
    Ok(Output::new(false).line(text)?)
}

/// What there is to say of registrations that the restored state does not have.
fn gone(before: &View, restored: &State) -> String {
    let kept: HashSet<_> = restored.table.rows().map(|row| row.identity).collect();
    let rows = before.rows.iter();
    let gone = rows.filter(|row| row.source == Source::Registered && !kept.contains(&row.identity));
    match gone.count() {
        0 => String::new(),
        1 => "; 1 registration that is not in it is gone until its service renews it".into(),
        count => format!(
            "; {count} registrations that are not in it are gone until their services renew them"
        ),
    }
}

fn inspect(file: &Path, output: Output) -> Result<(), CommandError> {
    let (_, state) = read(file)?;
    let rows: Vec<_> = state.table.rows().map(Shown::from).collect();
    if output.is_json() {
        let value = json!({
            "processed": state.processed,
            "routes": rows.iter().map(Shown::json).collect::<Vec<_>>(),
            "groups": rules(&state).map(rules_json).collect::<Vec<_>>(),
        });
        return Ok(output.line(value)?);
    }
    print(state.processed, &rows, output)?;
    output.line(format_args!("groups    {}", state.groups.len()))?;
    for rules in rules(&state) {
        output.line(rules_line(rules))?;
    }
    Ok(())
}

/// What the keys of groups said.
fn rules(state: &State) -> impl Iterator<Item = &Rules> {
    state.groups.values().map(Signed::claims)
}

fn rules_line(rules: &Rules) -> String {
    let wants = match (rules.join_restricted, rules.publish_restricted) {
        (false, false) => "open".into(),
        (join, publish) => {
            let actions = [(join, "to join"), (publish, "to publish")];
            let wanted = actions.into_iter().filter(|(is, _)| *is);
            let wanted: Vec<_> = wanted.map(|(_, action)| action).collect();
            let from = rules.grants_from;
            format!("wants a grant {}, from number {from}", wanted.join(" and "))
        }
    };
    format!("  {} rules {}: {wants}", rules.group, rules.sequence)
}

fn rules_json(rules: &Rules) -> Value {
    json!({
        "group": rules.group.to_string(),
        "sequence": rules.sequence,
        "join_restricted": rules.join_restricted,
        "publish_restricted": rules.publish_restricted,
        "grants_from": rules.grants_from,
    })
}

/// Reads a snapshot, which is checked before a router is troubled with it.
fn read(file: &Path) -> Result<(Vec<u8>, State), CommandError> {
    let bytes = fs::read(file).map_err(|error| CommandError::file(file, "read", error))?;
    let state = snapshot::decode(&bytes).map_err(|error| CommandError::snapshot(file, error))?;
    Ok((bytes, state))
}

fn print(processed: u64, rows: &[Shown], output: Output) -> Result<(), CommandError> {
    output.line(format_args!("messages  {processed}"))?;
    output.line(format_args!("routes    {}", rows.len()))?;
    for row in rows {
        output.line(row.line())?;
    }
    Ok(())
}

fn texts(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// A row as it is shown.
struct Shown {
    identity: Identity,
    routes: Vec<String>,
    source: Source,
    since: Timestamp,
    expires: Option<u64>,
    connected: Option<bool>,
}

impl From<&RowView> for Shown {
    fn from(row: &RowView) -> Self {
        Self {
            identity: row.identity,
            routes: texts(&row.routes),
            source: row.source,
            since: row.since,
            expires: row.expires,
            connected: Some(row.connected),
        }
    }
}

impl From<tuyau_router::Row<'_>> for Shown {
    fn from(row: tuyau_router::Row<'_>) -> Self {
        Self {
            identity: row.identity,
            routes: texts(row.routes),
            source: row.source,
            since: row.since,
            expires: row.expires,
            connected: None,
        }
    }
}

impl Shown {
    fn line(&self) -> String {
        let age = Timestamp::now().since(self.since).as_secs();
        let connected = if self.connected == Some(true) {
            ", connected"
        } else {
            ""
        };
        let (source, routes) = (self.source.name(), self.routes.join(" "));
        format!("  {} {source} {age} s{connected} {routes}", self.identity)
    }

    fn json(&self) -> Value {
        json!({
            "identity": self.identity.to_string(),
            "routes": self.routes,
            "source": self.source.name(),
            "since_ms": self.since.millis(),
            "expires": self.expires,
            "connected": self.connected,
        })
    }
}
