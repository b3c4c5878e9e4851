//! `tuyau router` serves as a router.

use std::io;
use std::sync::Arc;

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tuyau_client::{identity_file, keyfile, state_dir};
use tuyau_router::{Limits, Router, Settings, journal::Entry};

use super::{CommandError, CommandErrorKind, signals::Signals, transport};
use crate::{
    args::RouterArgs,
    clock,
    config::{Override, RouterConfig, RouterLimits, Sources},
    output::Output,
};

pub(super) fn run(args: RouterArgs) -> Result<(), CommandError> {
    let output = Output::new(args.json);
    let config = RouterConfig::load(&sources(args)?)?;
    let mut settings = settings(&config)?;
    settings.state_dir = Some(config.state_dir);
    settings.admin_socket = Some(config.admin_socket);
    runtime()?.block_on(serve(settings, output))
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

/// What a router is started with, but for what it keeps. Makes the state directory and the key at
/// the first start, and the identity file at each.
pub(super) fn settings(config: &RouterConfig) -> Result<Settings, CommandError> {
    state_dir::create(&config.state_dir)?;
    let key = keyfile::load_or_create(&config.key_file)?;
    identity_file::write(&config.state_dir.join(identity_file::NAME), &key.identity())?;
    let mut settings = Settings::new(key);
    settings.listen.clone_from(&config.listen);
    settings.greeting.clone_from(&config.greeting);
    let routes = config.static_routes.iter();
    settings.static_routes = routes
        .map(|entry| (entry.identity, entry.routes.clone()))
        .collect();
    settings.authority = config.tls.as_ref().map(transport::authority).transpose()?;
    settings.limits = limits(&config.limits);
    Ok(settings)
}

fn limits(limits: &RouterLimits) -> Limits {
    Limits {
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        handshake: limits.handshake,
        handshakes_per_second: limits.handshakes_per_second,
        frame_bytes: limits.frame_bytes,
        frame: limits.frame,
        queue_bytes: limits.queue_bytes,
        registration_max: limits.registration_max,
        routes: limits.routes,
        dials: limits.dials,
        ..Limits::default()
    }
}

/// A runtime for many connections.
pub(super) fn runtime() -> Result<Runtime, CommandError> {
    let built = Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| CommandError::caused(CommandErrorKind::Runtime, error))
}

async fn serve(settings: Settings, output: Output) -> Result<(), CommandError> {
    let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
    let mut signals = Signals::new().map_err(runtime)?;
    let (router, journal) = Router::start(settings)
        .await
        .map_err(|error| CommandError::caused(CommandErrorKind::Router, error))?;
    announce(&router, output)?;
    let printing = tokio::task::spawn_blocking(move || print(journal, output));
    signals.next().await;
    tokio::select! {
        () = router.stop() => {}
        () = signals.next() => {}
    }
    // The journal has ended with the router; a panic in there has been reported by its thread.
    printing.await.unwrap_or(Ok(()))?;
    Ok(())
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
        match journal.blocking_recv() {
            Ok(entry) => print_entry(&entry, output)?,
            Err(RecvError::Lagged(missed)) => {
                let text = format!("{missed} entries are not shown: the output is not read");
                let value = json!({ "event": "missed", "count": missed, "text": text });
                output.either(&value, text)?;
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

fn print_entry(entry: &Entry, output: Output) -> io::Result<()> {
    let time = clock::format(std::time::Duration::from_millis(entry.time.millis()));
    let (level, text) = (entry.event.level().name(), entry.event.to_string());
    let value = json!({
        "time": time, "level": level, "event": entry.event.name(), "text": text,
        "identity": entry.event.identity().map(|identity| identity.to_string()),
    });
    output.either(&value, format_args!("{time} {level} {text}"))
}
