//! `tuyau decode` explains a captured stream.

mod hex;
mod lines;
mod objects;

use std::{
    error::Error,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use tuyau_core::BoxError;
use tuyau_wire::{
    Role,
    trace::{Finding, Trace},
};

use super::{CommandError, CommandErrorKind};
use crate::{args::DecodeArgs, output::Output};

/// What stands for standard input.
const STDIN: &str = "-";

/// What is known of a stream at its end.
struct Summary {
    /// How many messages could be read.
    messages: u64,
    bytes: usize,
    role: Option<Role>,
    findings: Vec<Finding>,
}

pub(super) fn run(args: DecodeArgs) -> Result<(), CommandError> {
    let input = read(&args.file).map_err(|error| unusable(&args.file, error))?;
    let bytes = match hex::read(&input) {
        Some(bytes) => bytes.map_err(|error| unusable(&args.file, error))?,
        None => input,
    };
    let summary = print(&bytes, args.max_frame, Output::new(args.json))?;
    match summary.findings.is_empty() {
        true => Ok(()),
        false => Err(CommandError::new(CommandErrorKind::Found)),
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file != Path::new(STDIN) {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn print(bytes: &[u8], max_frame: usize, output: Output) -> io::Result<Summary> {
    let mut trace = Trace::new(bytes).with_max_frame(max_frame);
    let mut summary = Summary {
        messages: 0,
        bytes: bytes.len(),
        role: None,
        findings: Vec::new(),
    };
    if !output.is_json() {
        output.line(lines::HEAD)?;
    }
    for entry in trace.by_ref() {
        summary.messages += u64::from(entry.message.is_some());
        output.either(&objects::entry(&entry), lines::entry(&entry))?;
        summary.findings.extend(entry.findings);
    }
    summary.role = trace.role();
    if output.is_json() {
        for finding in &summary.findings {
            output.line(objects::finding(finding))?;
        }
    }
    output.either(&objects::summary(&summary), lines::summary(&summary))?;
    Ok(summary)
}

fn unusable(path: &Path, error: impl Into<BoxError>) -> CommandError {
    let (path, error) = (path.to_owned(), error.into());
    CommandError::caused(CommandErrorKind::File, CaptureFile { path, error })
}

/// A capture that cannot be used.
#[derive(Debug)]
struct CaptureFile {
    path: PathBuf,
    error: BoxError,
}

impl fmt::Display for CaptureFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read the capture {}", self.path.display())
    }
}

impl Error for CaptureFile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}
