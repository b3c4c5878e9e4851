//! The standard output of the program: lines for people, or JSON for programs.

use std::{
    fmt::{Display, Write as _},
    io::{self, Write},
};

use serde::Serialize;

/// The standard output. Whoever reads it may go away at any time: what is written then is lost, and
/// nothing else happens.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Standard output for people, or with `json` for programs.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read it.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Writes a line, whoever reads it.
    ///
    /// # Errors
    /// When it cannot be written, unless that is because the reader went away.
    pub fn line(self, line: impl Display) -> io::Result<()> {
        let mut out = io::stdout().lock();
        ignore_closed(writeln!(out, "{line}").and_then(|()| out.flush()))
    }

    /// Adds to `lines` what [`either`](Self::either) writes, to be written with others. Only what is
    /// wanted of both is made.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn add<V: Serialize>(
        self,
        lines: &mut String,
        value: impl FnOnce() -> V,
        text: impl Display,
    ) -> io::Result<()> {
        match self.json {
            true => lines.push_str(&serde_json::to_string(&value())?),
            // Writing into memory does not fail.
            false => drop(write!(lines, "{text}")),
        }
        lines.push('\n');
        Ok(())
    }

    /// Writes lines that end each, all at once.
    ///
    /// # Errors
    /// When they cannot be written, unless that is because the reader went away.
    pub fn lines(self, lines: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        ignore_closed(out.write_all(lines.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes `value` as JSON in one line for a program, and `text` for a person.
    ///
    /// # Errors
    /// When it cannot be written, unless that is because the reader went away.
    pub fn either(self, value: &impl Serialize, text: impl Display) -> io::Result<()> {
        match self.json {
            true => self.line(serde_json::to_string(value)?),
            false => self.line(text),
        }
    }
}

/// Writes a line to standard error; there is nobody to be told when that fails.
pub fn complain(line: impl Display) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "{line}");
}

fn ignore_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
