//! A test service: a process of its own, which reaches the router over mutual TLS.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tuyau_core::Address;
use tuyau_router::Timestamp;
use tuyau_router::journal::Level;
use tuyau_wire::Identity;

use super::error::StoryError;
use super::log::{Line, Log};

/// How long a service may take to withdraw its registration and end.
const END: Duration = Duration::from_secs(8);

/// How far a test service is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildPhase {
    /// It does not run.
    #[default]
    Stopped,
    /// It runs, and has not registered yet.
    Starting,
    /// It has registered.
    Registered,
    /// It ended by itself.
    Failed,
}

/// What is known of a test service.
#[derive(Clone, Debug, Default)]
pub struct ChildState {
    /// How far it is.
    pub phase: ChildPhase,
    /// Its identity, once it has registered.
    pub identity: Option<Identity>,
    /// The last message that it received.
    pub received: Option<String>,
    /// Where it listens, what it received, or why it failed.
    pub detail: String,
}

/// A test service that can be started and stopped.
#[derive(Debug)]
pub struct Child {
    name: String,
    directory: PathBuf,
    router: Identity,
    address: Option<Address>,
    state: watch::Sender<ChildState>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    /// The service ends when this is closed, also when the demo is killed. Nothing once it is.
    stdin: Option<ChildStdin>,
    task: JoinHandle<()>,
}

impl Child {
    /// Service number `number`, which keeps its key below `directory`.
    pub(super) fn new(
        number: usize,
        directory: &Path,
        router: Identity,
        address: Option<Address>,
    ) -> Self {
        let name = format!("service-{number}");
        let directory = directory.join(&name);
        Self {
            name,
            directory,
            router,
            address,
            state: watch::Sender::default(),
            running: None,
        }
    }

    /// What is known of it, now and later.
    pub(super) fn watch(&self) -> watch::Receiver<ChildState> {
        self.state.subscribe()
    }

    /// Whether its process runs.
    pub(super) fn is_running(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| !running.task.is_finished())
    }

    /// Starts the process.
    pub(super) fn start(&mut self, log: &Log) -> Result<(), StoryError> {
        let program = env::current_exe().map_err(StoryError::spawn)?;
        let mut command = Command::new(program);
        command.args(self.arguments());
        // What configures this process is not meant for the service.
        let ours = env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.as_encoded_bytes().starts_with(b"TUYAU_")) {
            command.env_remove(name);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command
            .kill_on_drop(true)
            .spawn()
            .map_err(StoryError::spawn)?;
        let (stdin, stdout, stderr) = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(StoryError::spawn("the process has no pipes"));
        };
        self.state.send_replace(ChildState {
            phase: ChildPhase::Starting,
            detail: "connecting".to_owned(),
            ..ChildState::default()
        });
        let (name, state, log) = (self.name.clone(), self.state.clone(), log.clone());
        let task = tokio::spawn(async move {
            let events = follow(&name, stdout, &state, &log);
            let (last_words, ()) = tokio::join!(last_line(stderr), events);
            let status = process.wait().await;
            state.send_modify(|state| ended(state, status.ok(), &last_words));
        });
        self.running = Some(Running {
            stdin: Some(stdin),
            task,
        });
        Ok(())
    }

    /// Has the process end, and waits for that; kills it when it takes too long.
    ///
    /// A call that is given up has told the process to end; another one waits for it again.
    pub(super) async fn stop(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        running.stdin = None;
        if timeout(END, &mut running.task).await.is_err() {
            running.task.abort();
            self.state.send_modify(|state| {
                state.phase = ChildPhase::Stopped;
                state.detail = "killed, it did not end in time".to_owned();
            });
        }
        self.running = None;
    }

    fn arguments(&self) -> Vec<String> {
        let router = self
            .address
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let settings = [
            ("name", self.name.clone()),
            ("listen", "tls://127.0.0.1:0".to_owned()),
            ("state_dir", self.directory.display().to_string()),
            ("router.address", router),
            ("router.identity", self.router.to_string()),
        ];
        let mut arguments = vec![
            "service".into(),
            "--json".into(),
            "--until-stdin-closes".into(),
        ];
        for (key, value) in settings {
            arguments.extend(["--set".into(), format!("{key}={value}")]);
        }
        arguments
    }
}

/// Takes in the events that the process prints, one JSON object a line.
async fn follow(
    name: &str,
    stdout: impl AsyncRead + Unpin,
    state: &watch::Sender<ChildState>,
    log: &Log,
) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        state.send_modify(|state| take(state, &event));
        let text = format!("{name}: {}", words(&event));
        log.push(Line {
            time: Timestamp::now(),
            level: Level::Info,
            text,
            event: None,
        });
    }
}

fn take(state: &mut ChildState, event: &Value) {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    match text("event") {
        "registered" => {
            state.phase = ChildPhase::Registered;
            state.identity = text("identity").parse().ok();
            state.detail = event["routes"][0].as_str().unwrap_or_default().to_owned();
        }
        "message" => {
            state.detail = format!("received \"{}\"", text("text"));
            state.received = Some(text("text").to_owned());
        }
        "lost" => {
            state.phase = ChildPhase::Starting;
            state.detail = text("reason").to_owned();
        }
        _ => {}
    }
}

/// An event of a service in a few words.
fn words(event: &Value) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    match text("event") {
        "registered" => format!(
            "registered {}",
            event["routes"][0].as_str().unwrap_or_default()
        ),
        "message" => format!("message from {}: {}", text("from"), text("text")),
        "connecting" => format!("connecting to {}", text("router")),
        name => {
            let details = ["reason", "address", "to"].map(text);
            let detail = details.into_iter().find(|detail| !detail.is_empty());
            format!("{} {}", name.replace('_', " "), detail.unwrap_or_default())
                .trim()
                .to_owned()
        }
    }
}

fn ended(state: &mut ChildState, status: Option<ExitStatus>, last_words: &str) {
    if status.is_some_and(|status| status.success()) {
        *state = ChildState {
            identity: state.identity,
            ..ChildState::default()
        };
        return;
    }
    state.phase = ChildPhase::Failed;
    state.detail = match (last_words, status) {
        ("", Some(status)) => status.to_string(),
        ("", None) => "it ended".to_owned(),
        (words, _) => words.to_owned(),
    };
}

/// The last line that is not empty, once there are no more.
async fn last_line(stderr: impl AsyncRead + Unpin) -> String {
    let mut lines = BufReader::new(stderr).lines();
    let mut last = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if !line.trim().is_empty() {
            last = line;
        }
    }
    last
}

#[cfg(test)]
mod tests;
