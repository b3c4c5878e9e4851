//! `tuyau router` serves as a router.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tuyau_client::{identity_file, keyfile, state_dir};
use tuyau_router::{Limits, PolicySource, Router, Settings, journal::Entry};

use super::{
    CommandError, CommandErrorKind,
    signals::{Hangup, Hung, Signals},
    transport,
};
use crate::{
    args::RouterArgs,
    clock,
    config::{Override, RouterConfig, RouterLimits, Sources, policy},
    output::Output,
};

/// How long the last lines of the log may take to be written once the router has ended. A reader who
/// takes nothing, such as a terminal that was stopped, does not keep the process for longer.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How long the log gathers lines after it wrote some: a busy router would otherwise wake the thread
/// that writes them, and write, for each.
const GATHER: Duration = Duration::from_millis(5);

/// How many bytes of the log are written at once, about.
const LINES: usize = 64 << 10;

pub(super) fn run(args: RouterArgs) -> Result<(), CommandError> {
    let output = Output::new(args.json);
    let config = RouterConfig::load(&sources(args)?)?;
    let mut settings = settings(&config)?;
    settings.state_dir = Some(config.state_dir.clone());
    settings.admin_socket = Some(config.admin_socket.clone());
    runtime()?.block_on(serve(settings, &config, output))
}

fn sources(args: RouterArgs) -> Result<Sources, CommandError> {
    let mut sources = Sources::new().with_environment();
    if let Some(file) = args.config {
        sources = sources.with_file(file);
    }
    for setting in &args.set {
        sources = sources.with_override(Override::parse(setting)?);
    }
    if !args.listen.is_empty() {
        sources = sources.with_override(Override::items("listen", args.listen, "--listen"));
    }
    if let Some(directory) = args.state_dir {
        let directory = directory.to_string_lossy();
        sources = sources.with_override(Override::text("state_dir", directory, "--state-dir"));
    }
    Ok(sources)
}

/// What a router is started with, but for what it keeps. Reads the access policy, makes the state directory, the key and the
/// identity file at the first start, so that a start that fails later leaves the key with its identity.
pub(super) fn settings(config: &RouterConfig) -> Result<Settings, CommandError> {
    let policy = config
        .policy_file
        .as_deref()
        .map(policy::open)
        .transpose()?;
    state_dir::create(&config.state_dir)?;
    let key = keyfile::load_or_create(&config.key_file)?;
    let path = identity_file(config);
    if !path.exists() {
        identity_file::write(&path, &key.identity())?;
    }
    let mut settings = Settings::new(key);
    settings.listen.clone_from(&config.listen);
    settings.greeting.clone_from(&config.greeting);
    let routes = config.static_routes.iter();
    settings.static_routes = routes
        .map(|entry| (entry.identity, entry.routes.clone()))
        .collect();
    settings.lookups = config.lookups;
    settings.authority = config.tls.as_ref().map(transport::authority).transpose()?;
    if let Some(file) = policy {
        settings.policy = file.policy;
    }
    settings.policy_source = config.policy_file.as_deref().map(policy_source);
    settings.drain.time = config.drain;
    settings.drain.routes.clone_from(&config.drain_to);
    settings.limits = limits(&config.limits);
    Ok(settings)
}

/// The policy file, to be read again.
fn policy_source(path: &Path) -> PolicySource {
    let path = path.to_owned();
    PolicySource::new(path.display().to_string(), move || {
        Ok(policy::open(&path)?.policy)
    })
}

fn identity_file(config: &RouterConfig) -> PathBuf {
    config.state_dir.join(identity_file::NAME)
}

/// Writes the identity file of a router that runs: one that cannot start must not take it from the
/// one that is there.
fn publish(config: &RouterConfig, router: &Router) -> Result<(), CommandError> {
    Ok(identity_file::write(
        &identity_file(config),
        &router.identity(),
    )?)
}

fn limits(limits: &RouterLimits) -> Limits {
    Limits {
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        handshake: limits.handshake,
        handshakes_per_second: limits.handshakes_per_second,
        frame_bytes: limits.frame_bytes,
        frame: limits.frame,
        ping: limits.ping,
        queue_bytes: limits.queue_bytes,
        credit_bytes: limits.credit_bytes,
        handles: limits.handles,
        groups: limits.groups,
        registration_max: limits.registration_max,
        routes: limits.routes,
        dials: limits.dials,
        mailbox_messages: limits.mailbox_messages,
        mailbox_bytes: limits.mailbox_bytes,
        store_messages: limits.store_messages,
        store_bytes: limits.store_bytes,
        ttl_max: limits.ttl_max,
        window_messages: limits.window_messages,
        window: limits.window,
        ..Limits::default()
    }
}

/// A runtime for many connections.
pub(super) fn runtime() -> Result<Runtime, CommandError> {
    let built = Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| CommandError::caused(CommandErrorKind::Runtime, error))
}

async fn serve(
    settings: Settings,
    config: &RouterConfig,
    output: Output,
) -> Result<(), CommandError> {
    let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
    let mut signals = Signals::new().map_err(runtime)?;
    let mut hangup = Hangup::new().map_err(runtime)?;
    let (router, journal) = Router::start(settings)
        .await
        .map_err(|error| CommandError::caused(CommandErrorKind::Router, error))?;
    publish(config, &router)?;
    announce(&router, output)?;
    let printed = print_beside(journal, output);
    loop {
        tokio::select! {
            () = signals.next() => break,
            hung = hangup.next() => match hung {
                Hung::Up => break,
                // The log tells what came of it.
                Hung::Reload => drop(router.reload_policy().await),
            },
            () = router.ended() => {
                let fault = "the router has ended by a fault of its own; start it again, and report what it printed";
                return Err(CommandError::caused(CommandErrorKind::Router, fault));
            }
        }
    }
    let saved = tokio::select! {
        saved = router.stop() => saved,
        () = signals.next() => return Ok(()),
    };
    // The journal has ended with the router; a panic in there has been reported by its thread.
    if let Ok(Ok(printed)) = timeout(LAST_LINES, printed).await {
        printed?;
    }
    if saved {
        return Ok(());
    }
    let lost = "the store could not be written, as the log says; what changed since then is lost";
    Err(CommandError::caused(CommandErrorKind::Router, lost))
}

/// Prints on a thread of its own, which does not keep the process.
fn print_beside(
    journal: Receiver<Arc<Entry>>,
    output: Output,
) -> oneshot::Receiver<io::Result<()>> {
    let (done, printed) = oneshot::channel();
    thread::spawn(move || done.send(print(journal, output)));
    printed
}

fn announce(router: &Router, output: Output) -> io::Result<()> {
    for address in router.listen() {
        let (time, identity) = (clock::now(), router.identity());
        let text = format!("{time} info listening on {address} as {identity}");
        let value = json!({
            "time": time, "level": "info", "event": "listening",
            "address": address.to_string(), "identity": identity.to_string(),
        });
        output.either(&value, text)?;
    }
    Ok(())
}

/// Prints what happens until the router has ended.
fn print(mut journal: Receiver<Arc<Entry>>, output: Output) -> io::Result<()> {
    loop {
        let mut next = journal.blocking_recv();
        let mut lines = String::new();
        let ended = loop {
            match next {
                Ok(entry) => add_entry(&mut lines, &entry, output)?,
                Err(RecvError::Lagged(missed)) => add_missed(&mut lines, missed, output)?,
                Err(RecvError::Closed) => break true,
            }
            if lines.len() >= LINES {
                break false;
            }
            next = match journal.try_recv() {
                Ok(entry) => Ok(entry),
                Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Closed) => Err(RecvError::Closed),
                Err(TryRecvError::Empty) => break false,
            };
        };
        output.lines(&lines)?;
        if ended {
            return Ok(());
        }
        thread::sleep(GATHER);
    }
}

fn add_missed(lines: &mut String, missed: u64, output: Output) -> io::Result<()> {
    let text = format!("{missed} entries are not shown: the output is not read");
    let value = || json!({ "event": "missed", "count": missed, "text": text });
    output.add(lines, value, &text)
}

fn add_entry(lines: &mut String, entry: &Entry, output: Output) -> io::Result<()> {
    let time = clock::format(Duration::from_millis(entry.time.millis()));
    let (level, event) = (entry.event.level().name(), &entry.event);
    let value = || {
        json!({
            "time": time, "level": level, "event": event.name(), "text": event.to_string(),
            "identity": event.identity().map(|identity| identity.to_string()),
        })
    };
    output.add(lines, value, format_args!("{time} {level} {event}"))
}

#[cfg(test)]
mod tests;
