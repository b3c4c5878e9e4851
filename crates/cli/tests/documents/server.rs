//! A command that keeps running.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{block::Step, pattern::line_matches, ports::Ports};

/// How long something may take that takes a moment; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The line after which a command is interrupted.
const INTERRUPT: &str = "^C";

/// A running command, and the lines that it should print.
pub(crate) struct Server {
    place: String,
    child: Child,
    readers: Vec<JoinHandle<()>>,
    printed: Arc<Printed>,
    shown: Vec<String>,
    /// How many of the printed lines have been looked at.
    seen: usize,
}

#[derive(Default)]
struct Printed {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Server {
    /// Starts the command of `step`.
    pub(crate) fn start(place: &str, step: &Step, command: &mut Command, ports: &Ports) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("bash starts");
        let printed = Arc::new(Printed::default());
        let stdout = child.stdout.take().map(|it| printed.collect(it, ports));
        let stderr = child.stderr.take().map(|it| printed.collect(it, ports));
        Self {
            place: place.to_owned(),
            child,
            readers: stdout.into_iter().chain(stderr).collect(),
            printed,
            shown: step.output.clone(),
            seen: 0,
        }
    }

    /// Waits for the next line that the document shows.
    pub(crate) fn wait_for_the_next(&mut self) {
        if !self.shown.is_empty() {
            let first = self.shown.remove(0);
            self.wait_for(&first);
        }
    }

    /// Waits for the other lines, up to the interrupt if there is one.
    pub(crate) fn wait_for_the_rest(&mut self) {
        while self.shown.first().is_some_and(|line| line != INTERRUPT) {
            self.wait_for_the_next();
        }
    }

    /// Interrupts the command if the document does, and waits for what it says then.
    pub(crate) fn end(mut self) {
        if self.shown.is_empty() {
            return;
        }
        self.interrupt();
        for line in self.shown.split_off(1) {
            self.wait_for(&line);
        }
        let status = self.child.wait().expect("the command can be waited for");
        assert!(
            status.success(),
            "{}: ended with {status}{}",
            self.place,
            self.log()
        );
    }

    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &pid]).status();
        assert!(
            status.expect("kill starts").success(),
            "{}: has ended{}",
            self.place,
            self.log()
        );
    }

    fn wait_for(&mut self, shown: &str) {
        let lines = self.printed.lines.lock().expect("no reader panics");
        let mut seen = self.seen;
        let mut look = |lines: &mut Vec<String>| match lines[seen..]
            .iter()
            .position(|line| line_matches(shown, line))
        {
            Some(index) => {
                seen += index + 1;
                false
            }
            None => true,
        };
        let waited = self
            .printed
            .more
            .wait_timeout_while(lines, PATIENCE, &mut look);
        let (lines, timeout) = waited.expect("no reader panics");
        drop(lines);
        self.seen = seen;
        assert!(
            !timeout.timed_out(),
            "{}: did not print `{shown}`{}",
            self.place,
            self.log()
        );
    }

    fn log(&self) -> String {
        let lines = self.printed.lines.lock().expect("no reader panics");
        format!(", but:\n{}", lines.join("\n"))
    }
}

impl Printed {
    fn collect(
        self: &Arc<Self>,
        stream: impl Read + Send + 'static,
        ports: &Ports,
    ) -> JoinHandle<()> {
        let (printed, ports) = (self.clone(), ports.clone());
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut lines = printed.lines.lock().expect("no reader panics");
                lines.push(ports.restore(&line));
                printed.more.notify_all();
            }
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}
