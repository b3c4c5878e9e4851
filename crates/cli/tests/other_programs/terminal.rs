//! The demo and a router on a terminal, which tmux makes.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{program::tuyau, without};

pub(crate) fn without_tmux() -> Option<String> {
    without("tmux", "-V")
}

/// A terminal of tmux with a program in it.
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

    /// Runs something on a terminal of its own.
    fn run(&self, shell: &str) {
        let first = ["-f", "/dev/null", "new-session", "-d", "-s", "demo"];
        let size = ["-x", "80", "-y", "24"];
        self.call(&[&first[..], &size, &[shell]].concat());
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

pub(crate) fn a_router_on_a_terminal_reads_its_policy_again_and_ends_with_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let tmux = Tmux { directory };
    let router = tuyau(directory, ["router"]);
    let program = router.get_program().to_str().unwrap();
    fs::write(directory.join("policy.yaml"), "default: allow").unwrap();
    let made = Command::new("mkfifo").arg(directory.join("open")).status();
    assert!(made.unwrap().success());
    // The router has the other end of the pipe open, and nobody else.
    let shell = format!(
        "cd {}; exec {program} router --listen tls://127.0.0.1:0 --state-dir router \
         --set policy_file=policy.yaml 3>open",
        directory.display()
    );
    tmux.run(&shell);
    let mut open = File::open(directory.join("open")).unwrap();
    tmux.see("listening on");
    let pid = tmux.call(&["list-panes", "-t", "demo", "-F", "#{pane_pid}"]);
    let hup = ["-s", "HUP", pid.trim()];
    assert!(Command::new("kill").args(hup).status().unwrap().success());
    tmux.see("read the access policy again");
    tmux.call(&["kill-session", "-t", "demo"]);
    open.read_to_end(&mut Vec::new()).unwrap();
}

pub(crate) fn the_demo_runs_on_a_terminal_and_gives_it_back() {
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
    tmux.run(&shell);
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
