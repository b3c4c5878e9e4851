//! `tuyau demo` shows a router, simulated services and real ones, on a screen or without.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tuyau_client::{FileErrorKind, identity_file, state_dir};

use super::{CommandError, CommandErrorKind, router, signals::Signals};
use crate::{
    args::DemoArgs,
    config::{Override, RouterConfig, Sources},
    demo::{self, Story},
};

/// The configuration of the demo unless another one is given.
const CONFIG: &str = include_str!("../../../../conf/demo.yaml");

/// Where the demo keeps its keys and its snapshot unless the configuration says otherwise.
const STATE_DIR: &str = "state/demo";

pub(super) fn run(args: DemoArgs) -> Result<(), CommandError> {
    if !args.headless {
        demo::require_terminal()
            .map_err(|error| CommandError::caused(CommandErrorKind::Demo, error))?;
    }
    let config = RouterConfig::load(&sources(&args))?;
    let _lock = lock(&config.state_dir)?;
    let settings = router::settings(&config)?;
    let greeting = config.greeting.clone().unwrap_or_default();
    router::runtime()?.block_on(async {
        let story = Story::start(settings, &config.state_dir)
            .await
            .map_err(|error| CommandError::caused(CommandErrorKind::Demo, error))?;
        let identity_file = config.state_dir.join(identity_file::NAME);
        identity_file::write(&identity_file, &story.identity())?;
        if args.headless {
            headless(story, &greeting, args.json).await
        } else {
            show(story).await
        }
    })
}

fn sources(args: &DemoArgs) -> Sources {
    let mut sources = Sources::new().with_environment();
    sources = match &args.config {
        Some(file) => sources.with_file(file),
        None => sources
            .with_text("conf/demo.yaml (built in)", CONFIG)
            .with_override(override_dir(Path::new(STATE_DIR), "the demo")),
    };
    if let Some(directory) = &args.state_dir {
        sources = sources.with_override(override_dir(directory, "--state-dir"));
    }
    sources
}

fn override_dir(directory: &Path, origin: &str) -> Override {
    Override::text("state_dir", directory.to_string_lossy(), origin)
}

/// Keeps routers and other demos out of the directory while this one runs.
fn lock(directory: &Path) -> Result<state_dir::Lock, CommandError> {
    state_dir::create(directory)?;
    state_dir::lock(directory).map_err(|error| match error.kind() {
        FileErrorKind::InUse => CommandError::in_use(directory),
        _ => error.into(),
    })
}

async fn show(story: Story) -> Result<(), CommandError> {
    let story = Arc::new(story);
    let ended = demo::run(story.clone()).await;
    story.stop().await;
    ended.map_err(|error| CommandError::caused(CommandErrorKind::Demo, error))?;
    Ok(())
}

async fn headless(story: Story, greeting: &str, json: bool) -> Result<(), CommandError> {
    let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
    let mut signals = Signals::new().map_err(runtime)?;
    let mut out = io::stdout();
    let told = tokio::select! {
        told = demo::tell(&story, greeting, &mut out, json) => Some(told),
        () = signals.next() => None,
    };
    story.stop().await;
    match told {
        // Nobody reads on, so there is nobody to tell; not every step was verified.
        Some(Err(error)) if error.is_broken_pipe() => {
            Err(CommandError::new(CommandErrorKind::Found))
        }
        Some(Err(error)) => Err(CommandError::caused(CommandErrorKind::Demo, error)),
        Some(Ok(())) => Ok(()),
        None => Err(CommandError::new(CommandErrorKind::Interrupted)),
    }
}
