//! The demo, without a terminal and on one.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::program::{fail, left_out, run, tuyau};

#[test]
fn the_headless_story_holds() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), &["demo", "--headless", "--json"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let out = String::from_utf8(output.stdout).unwrap();
    let steps: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["start", "m", "M", "n", "s", "r", "1", "2", "1", "2"]
    );
    assert!(steps.iter().all(|step| step["ok"] == true), "{out}");
    assert!(directory.path().join("state/demo/snapshot.cbor").exists());
}

#[test]
fn the_headless_story_fails_when_it_does_not_hold() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("empty.yaml"),
        "listen: [\"tls://127.0.0.1:0\"]\n",
    )
    .unwrap();
    let output = run(
        directory.path(),
        &[
            "demo",
            "--headless",
            "--config",
            "empty.yaml",
            "--state-dir",
            "s",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("expected two static routes"), "{error}");
}

#[test]
fn a_directory_in_use_is_refused_to_demos_and_services() {
    let directory = tempfile::tempdir().unwrap();
    for (state, words) in [
        ("state/demo", &["demo", "--headless"][..]),
        (
            "elsewhere",
            &["demo", "--headless", "--state-dir", "elsewhere"],
        ),
    ] {
        let _lock = lock(&directory.path().join(state));
        let error = fail(directory.path(), words);
        assert!(
            error.contains(&format!("{state}: in use by a router or another demo"))
                && error.contains("--state-dir"),
            "{error}"
        );
    }
    let router = tuyau_wire::SecretKey::generate().unwrap().identity();
    let setting = format!("router.identity={router}");
    let _lock = lock(&directory.path().join("mine"));
    let error = fail(
        directory.path(),
        &["service", "--state-dir", "mine", "--set", &setting],
    );
    assert!(
        error.contains("mine: in use by another service") && error.contains("stop that one"),
        "{error}"
    );
}

fn lock(directory: &Path) -> tuyau_client::state_dir::Lock {
    tuyau_client::state_dir::create(directory).unwrap();
    tuyau_client::state_dir::lock(directory).unwrap()
}

#[test]
fn without_a_terminal_the_demo_names_the_other_way() {
    let directory = tempfile::tempdir().unwrap();
    let error = fail(directory.path(), &["demo"]);
    assert!(error.contains("tuyau demo --headless"), "{error}");
}

/// A terminal of tmux with the demo in it.
struct Tmux<'a> {
    directory: &'a Path,
}

impl Tmux<'_> {
    /// Calls tmux with a server of this test's own.
    fn call(&self, words: &[&str]) -> String {
        let socket = self.directory.join("tmux");
        let output = Command::new("tmux")
            .arg("-S")
            .arg(socket)
            .args(words)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn press(&self, key: &str) {
        self.call(&["send-keys", "-t", "demo", key]);
    }

    /// Looks at the screen until something is on it.
    #[track_caller]
    fn see(&self, expected: &str) -> String {
        let begin = Instant::now();
        loop {
            let screen = self.call(&["capture-pane", "-t", "demo", "-p"]);
            if screen.contains(expected) {
                return screen;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "no {expected:?} on\n{screen}"
            );
            thread::yield_now();
        }
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let socket = self.directory.join("tmux");
        let kill = Command::new("tmux")
            .arg("-S")
            .arg(socket)
            .arg("kill-server")
            .output();
        drop(kill);
    }
}

fn has_tmux() -> bool {
    let version = Command::new("tmux")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

#[test]
fn the_demo_runs_on_a_terminal_and_gives_it_back() {
    if !has_tmux() {
        return left_out("tmux is not installed");
    }
    let directory = tempfile::tempdir().unwrap();
    let tmux = Tmux {
        directory: directory.path(),
    };
    let demo = tuyau(directory.path(), ["demo"]);
    let program = demo.get_program().to_str().unwrap();
    let shell = format!(
        "cd {}; {program} demo; echo ended with $?; exec cat",
        directory.path().display()
    );
    tmux.call(&[
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-s",
        "demo",
        "-x",
        "80",
        "-y",
        "24",
        &shell,
    ]);
    let screen = tmux.see("2 routes");
    assert!(
        screen.contains("static") && screen.contains("service-1"),
        "{screen}"
    );
    assert!(
        screen.lines().all(|line| line.chars().count() <= 80),
        "{screen}"
    );
    tmux.press("r");
    tmux.see("save one first with s");
    tmux.press("m");
    tmux.see(" 1 message processed");
    tmux.press("M");
    tmux.see("1,001 messages processed");
    tmux.press("n");
    tmux.see(" announced tls://");
    tmux.press("s");
    tmux.see("saved ");
    tmux.press("m");
    tmux.see("1,003 messages processed");
    tmux.press("r");
    tmux.see("1,002 messages processed");
    tmux.press("1");
    tmux.see("received \"hi there\"");
    tmux.press("S");
    tmux.see("Whole state");
    tmux.press("/");
    tmux.call(&["send-keys", "-t", "demo", "registered"]);
    tmux.press("Enter");
    tmux.see("match 1 of 1");
    // Not Escape: with the next key right behind it, a terminal sends the same as for Alt and the key.
    tmux.press("q");
    tmux.see("Test services");
    tmux.press("?");
    tmux.see("one listen message of a simulated service");
    tmux.press("C-c");
    let screen = tmux.see("ended with 0");
    assert!(
        !screen.contains("Whole state"),
        "the terminal is as it was before: {screen}"
    );
}
