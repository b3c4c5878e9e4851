//! Why a host name gave no endpoint.

use std::{error::Error, fmt, io};

use crate::peer_text::shown;

/// Why a host name gave no endpoint.
#[derive(Debug)]
pub struct ResolveError {
    host: Box<str>,
    kind: ResolveErrorKind,
}

#[derive(Debug)]
enum ResolveErrorKind {
    NoPort,
    Lookup(io::Error),
}

impl ResolveError {
    pub(crate) fn no_port(host: Box<str>) -> Self {
        let kind = ResolveErrorKind::NoPort;
        Self { host, kind }
    }

    pub(crate) fn lookup(host: Box<str>, error: io::Error) -> Self {
        let kind = ResolveErrorKind::Lookup(error);
        Self { host, kind }
    }

    /// Whether the target had no port, and was not looked up therefore.
    pub fn is_missing_port(&self) -> bool {
        matches!(self.kind, ResolveErrorKind::NoPort)
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &shown(&self.host);
        match &self.kind {
            ResolveErrorKind::NoPort => {
                write!(
                    f,
                    "no port was given for {host}, write for example {host}:6000"
                )
            }
            ResolveErrorKind::Lookup(_) => match host.split_once('%') {
                None => write!(f, "the host name {host} cannot be resolved"),
                Some((_, zone)) => write!(
                    f,
                    "{host} cannot be resolved: no interface here has the name {zone}, or the address \
                     is not one of a link; `ip address` shows what there is"
                ),
            },
        }
    }
}

impl Error for ResolveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            ResolveErrorKind::NoPort => None,
            ResolveErrorKind::Lookup(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_says_nothing_that_a_terminal_obeys() {
        let host = "a\u{1b}[2J\nb\u{202e}";
        let shown = "a\\u{1b}[2J\\nb\\u{202e}";
        let missing = ResolveError::no_port(host.into()).to_string();
        assert!(missing.contains(shown), "{missing}");
        let unknown = ResolveError::lookup(host.into(), io::ErrorKind::NotFound.into());
        assert!(unknown.to_string().contains(shown), "{unknown}");
    }
}
