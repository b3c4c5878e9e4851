//! A process of the program and what it prints.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

/// How long a test waits for a line that must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program with these words on its command line, in a directory.
pub(crate) fn tuyau<S: AsRef<OsStr>>(
    directory: &Path,
    words: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tuyau"));
    let ours = env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.as_encoded_bytes().starts_with(b"TUYAU_")) {
        command.env_remove(name);
    }
    command
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(directory: &Path, words: &[&str]) -> Output {
    tuyau(directory, words).output().unwrap()
}

/// Runs the program, which has to fail with exit code 1, and gives what it says on standard error.
#[track_caller]
pub(crate) fn fail(directory: &Path, words: &[&str]) -> String {
    let output = run(directory, words);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words:?}: {error}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{words:?}");
    error
}

/// A running process; dropping it kills it.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self {
            child,
            lines,
            errors: Some(errors),
        }
    }

    /// A router in a directory, on an address, with its JSON log.
    pub(crate) fn router(directory: &Path, listen: &str) -> Self {
        let words = [
            "router",
            "--json",
            "--listen",
            listen,
            "--state-dir",
            "router",
        ];
        Self::start(tuyau(directory, words))
    }

    /// The next event of this name that `holds`, others are left out.
    #[track_caller]
    pub(crate) fn event(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name && holds(&event) {
                return event;
            }
            seen.push(line);
        }
        panic!(
            "no event {name} came, but: {seen:#?}\nstandard error: {}",
            self.kill()
        );
    }

    /// The address of a router that has just started.
    #[track_caller]
    pub(crate) fn listening(&mut self) -> String {
        self.event("listening", |_| true)["address"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Kills the process, and gives what it said on standard error.
    pub(crate) fn kill(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.errors
            .take()
            .map(|errors| errors.join().unwrap())
            .unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
