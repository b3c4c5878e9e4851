//! What can be wrong with a hosts file.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

/// The most bytes of a word that an error shows.
const SHOWN: usize = 60;

/// Something in a hosts file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    line: usize,
    column: usize,
    found: Box<str>,
    kind: ProblemKind,
}

/// What is wrong with a line of a hosts file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The first word is not an IP address; an address with a zone counts as none. The whole line is
    /// left out.
    Address,
    /// No name follows the address.
    NoName,
    /// A word is not a name. It alone is left out.
    Name,
    /// The name has [`MAX_ADDRESSES`](super::MAX_ADDRESSES) addresses already; this one is left out.
    TooMany,
}

impl Problem {
    pub(super) fn new(line: usize, column: usize, word: &[u8], kind: ProblemKind) -> Self {
        let cut = &word[..word.len().min(SHOWN)];
        let mut found = format!("\"{}\"", cut.escape_ascii());
        if cut.len() < word.len() {
            found += "…";
        }
        Self {
            line,
            column,
            found: found.into(),
            kind,
        }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Where in the line, in bytes, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            found,
            kind,
        } = self;
        write!(f, "line {line}, column {column}: ")?;
        match kind {
            ProblemKind::Address => write!(
                f,
                "expected an IPv4 or IPv6 address, found {found}; write a line as `192.0.2.1 name`"
            ),
            ProblemKind::NoName => write!(
                f,
                "expected one name or more after {found}; add a name, or remove the line"
            ),
            ProblemKind::Name => write!(
                f,
                "expected a name of letters, digits, `-`, `_` and `.`, of at most 253 bytes, \
                 found {found}; correct it"
            ),
            ProblemKind::TooMany => write!(
                f,
                "expected at most {} addresses of {found}; remove some",
                super::MAX_ADDRESSES
            ),
        }
    }
}

impl Error for Problem {}

/// Why the hosts file gave no endpoint for a name that it should have one for.
#[derive(Debug)]
pub struct HostsError {
    /// The file, or the name for which there is no port.
    place: PathBuf,
    kind: HostsErrorKind,
    source: Option<Cause>,
}

/// The kinds of [`HostsError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostsErrorKind {
    /// There is no such file.
    Missing,
    /// The file cannot be read.
    Unreadable,
    /// It is a directory, a pipe or a device.
    NotAFile,
    /// It is longer than [`MAX_LENGTH`](super::MAX_LENGTH).
    TooLong,
    /// The name stands on a line that is wrong; the source is a [`Problem`].
    Line,
    /// The name is in the file, and the target has no port.
    NoPort,
}

#[derive(Debug)]
enum Cause {
    Io(io::Error),
    Problem(Problem),
}

impl HostsError {
    pub(super) fn new(path: &Path, kind: HostsErrorKind) -> Self {
        Self {
            place: path.to_owned(),
            kind,
            source: None,
        }
    }

    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => HostsErrorKind::Missing,
            _ => HostsErrorKind::Unreadable,
        };
        Self {
            source: Some(Cause::Io(error)),
            ..Self::new(path, kind)
        }
    }

    pub(super) fn line(path: &Path, problem: Problem) -> Self {
        Self {
            source: Some(Cause::Problem(problem)),
            ..Self::new(path, HostsErrorKind::Line)
        }
    }

    pub(super) fn no_port(host: &str) -> Self {
        Self::new(Path::new(host), HostsErrorKind::NoPort)
    }

    /// What is wrong.
    pub fn kind(&self) -> HostsErrorKind {
        self.kind
    }
}

impl fmt::Display for HostsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.display();
        if self.kind == HostsErrorKind::NoPort {
            return write!(
                f,
                "no port was given for {place}, write for example {place}:6000"
            );
        }
        write!(f, "hosts file {place}")?;
        match self.kind {
            HostsErrorKind::Missing => f.write_str(": expected a file, found none; check the path"),
            HostsErrorKind::Unreadable => f.write_str(": it cannot be read; let this user read it"),
            HostsErrorKind::NotAFile => {
                f.write_str(": expected a file, found something else; check the path")
            }
            HostsErrorKind::TooLong => write!(
                f,
                ": expected at most {} bytes, found more; shorten it",
                super::MAX_LENGTH
            ),
            HostsErrorKind::Line | HostsErrorKind::NoPort => Ok(()),
        }
    }
}

impl Error for HostsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.source.as_ref()? {
            Cause::Io(error) => Some(error),
            Cause::Problem(problem) => Some(problem),
        }
    }
}
