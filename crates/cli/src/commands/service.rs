//! `tuyau service` runs the test service.

mod narrate;
mod printer;

use std::io;

use tokio::sync::oneshot;
use tuyau_client::{Pauses, RouterIdentity, Service, Settings, identity_file, keyfile, state_dir};

use super::{
    CommandError, CommandErrorKind,
    signals::Signals,
    small_runtime,
    transport::{self, AGENT},
};
use crate::{
    args::ServiceArgs,
    config::{self, Override, ServiceConfig, Sources},
    output::Output,
};
use printer::Printer;

pub(super) fn run(args: ServiceArgs) -> Result<(), CommandError> {
    let output = Output::new(args.json);
    let stdin = args.until_stdin_closes.then(stdin_closed);
    let config = ServiceConfig::load(&sources(args)?)?;
    state_dir::create(&config.state_dir)?;
    let _lock = state_dir::lock(&config.state_dir)?;
    let key = prepare(&config)?;
    let stack = transport::stack(&key, config.tls.as_ref())?;
    let settings = Settings::new(key).agent(AGENT)?;
    let printer = Printer::start(output);
    let report = printer.reporter();
    let answer = config.answer.into_bytes();
    let pauses = Pauses::new(config.reconnect.first_pause, config.reconnect.longest_pause);
    let mut service = Service::new(
        stack,
        settings,
        config.router.address,
        router(config.router.identity),
    )
    .listen(config.listen)
    .lifetime(config.registration)
    .pauses(pauses)
    .answer(move |_| Some(answer.clone()))
    .events(report);
    if let Some(routes) = config.advertise {
        service = service.advertise(routes);
    }
    let result = small_runtime()?.block_on(until_told(service, stdin));
    printer.finish();
    result
}

fn sources(args: ServiceArgs) -> Result<Sources, CommandError> {
    let mut sources = Sources::new().with_environment();
    if let Some(file) = args.config {
        sources = sources.with_file(file);
    }
    for setting in &args.set {
        sources = sources.with_override(Override::parse(setting)?);
    }
    let state_dir = args.state_dir.map(|dir| dir.to_string_lossy().into_owned());
    let flags = [
        ("listen", args.listen, "--listen"),
        ("router.address", args.router, "--router"),
        ("router.identity", args.router_identity, "--router-identity"),
        ("state_dir", state_dir, "--state-dir"),
    ];
    for (key, value, flag) in flags {
        if let Some(value) = value {
            sources = sources.with_override(Override::text(key, value, flag));
        }
    }
    Ok(sources)
}

/// Makes the key at the first start, and the identity file at each.
fn prepare(config: &ServiceConfig) -> Result<tuyau_wire::SecretKey, CommandError> {
    let key = keyfile::load_or_create(&config.key_file)?;
    identity_file::write(&config.state_dir.join(identity_file::NAME), &key.identity())?;
    Ok(key)
}

fn router(identity: config::RouterIdentity) -> RouterIdentity {
    match identity {
        config::RouterIdentity::Known(identity) => RouterIdentity::Known(identity),
        config::RouterIdentity::File(path) => RouterIdentity::File(path),
    }
}

/// Runs until a signal or the end of standard input asks for the end, and then until the
/// registration is taken back; a second signal does not wait for that.
async fn until_told(
    service: Service,
    stdin: Option<oneshot::Receiver<()>>,
) -> Result<(), CommandError> {
    let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
    let mut first = Signals::new().map_err(runtime)?;
    let mut second = Signals::new().map_err(runtime)?;
    let stop = async {
        let closed = async {
            match stdin {
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = first.next() => {}
            () = closed => {}
        }
    };
    let again = async {
        second.next().await;
        second.next().await;
    };
    tokio::select! {
        result = service.run(stop) => Ok(result?),
        () = again => Ok(()),
    }
}

/// Is ready when standard input ends. The thread that reads it does not keep the process.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (closing, closed) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(closing);
    });
    closed
}
