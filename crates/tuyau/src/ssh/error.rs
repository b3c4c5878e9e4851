//! Why SSH failed.

use std::{error, fmt, io, path::PathBuf};

use super::{Open, PublicKey};
use crate::peer_text::{quoted, shown};

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file.display(), self.line)
    }
}

/// Why an SSH connection was not made. Its text says where, what was expected, and what to do.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    /// The host as `known_hosts` calls it, or what stands for it. Host and user are fit to be shown.
    host: Box<str>,
    user: Box<str>,
}

/// The kinds of SSH [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// No line of the `known_hosts` files has the server's key.
    HostKeyUnknown {
        /// The key that the server proved.
        found: PublicKey,
        /// A line with a key of another kind for this host.
        other: Option<Place>,
        /// A line that trusts an authority for this host, which is not supported here.
        authority: Option<Place>,
        /// A line that cannot be read.
        broken: Option<Place>,
    },
    /// The `known_hosts` files have another key of this kind for the host.
    HostKeyChanged {
        /// The line that has it.
        place: Place,
        /// The key in that line.
        expected: PublicKey,
        /// The key that the server proved.
        found: PublicKey,
    },
    /// A line of the `known_hosts` files revokes the server's key.
    HostKeyRevoked {
        /// That line.
        place: Place,
        /// The key that the server proved.
        found: PublicKey,
    },
    /// The server has a certificate instead of a key, which is not supported here.
    HostCertificate,
    /// A `known_hosts` file cannot be read or written.
    KnownHosts(PathBuf, io::Error),
    /// The server did not let the user in.
    Refused {
        /// What was tried, in this order.
        tried: Vec<String>,
        /// The methods by which the server would still let somebody in.
        offered: Vec<String>,
    },
    /// The server let the user in and did not open what was asked for.
    NotOpened {
        /// What was asked for.
        open: Open,
        /// What the server says.
        reason: String,
    },
    /// The server was to connect beyond itself, which a [`Forwarder`](super::Forwarder) asks for.
    Forwarded {
        /// What was to be opened.
        open: Open,
    },
    /// The peer does not speak SSH 2.
    NotSsh {
        /// How what it said began.
        said: String,
    },
    /// The two sides have no algorithm in common.
    NoCommonAlgorithm {
        /// For what: key exchange, host key, cipher or message authentication.
        what: &'static str,
        /// What this side has.
        ours: Vec<String>,
        /// What the peer has.
        theirs: Vec<String>,
    },
    /// The peer ended the connection in the middle of the handshake.
    Ended {
        /// What it said, if it said anything.
        reason: Option<String>,
    },
    /// The flow beneath failed.
    Io(io::Error),
    /// The peer broke the protocol, or this side cannot follow it.
    Protocol(russh::Error),
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(super) fn new(kind: Kind, host: &str, user: &str) -> Self {
        Self {
            kind,
            host: shown(host).into(),
            user: shown(user).into(),
        }
    }
}

impl From<russh::Error> for Kind {
    fn from(error: russh::Error) -> Self {
        use russh::{AlgorithmKind, Error as E};
        match error {
            E::NoCommonAlgo { kind, ours, theirs } => Self::NoCommonAlgorithm {
                what: match kind {
                    AlgorithmKind::Kex => "key exchange",
                    AlgorithmKind::Key => "host key",
                    AlgorithmKind::Cipher => "cipher",
                    AlgorithmKind::Compression => "compression",
                    AlgorithmKind::Mac => "message authentication",
                },
                ours,
                theirs,
            },
            E::Disconnect | E::HUP | E::SendError | E::RecvError => Self::Ended { reason: None },
            E::IO(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Ended { reason: None }
            }
            E::IO(error) => Self::Io(error),
            error => Self::Protocol(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, user) = (&self.host, &self.user);
        match &self.kind {
            Kind::HostKeyUnknown { .. } => self.fmt_unknown(f),
            Kind::HostKeyChanged {
                place,
                expected,
                found,
            } => write!(
                f,
                "the host key of {host} changed: {place} has {} {}, the server proved {}; \
                 somebody may be in between, or the server got a new key: ask its operator, and \
                 only if that is so replace the line",
                expected.algorithm(),
                expected.fingerprint(),
                found.fingerprint(),
            ),
            Kind::HostKeyRevoked { place, found } => write!(
                f,
                "the host key of {host} is revoked by {place}: the server proved {} {}; \
                 do not connect, and ask its operator for its new key",
                found.algorithm(),
                found.fingerprint(),
            ),
            Kind::HostCertificate => write!(
                f,
                "{host} has a certificate instead of a key, and authorities for host keys are not \
                 supported; add the server's own key to a known_hosts file"
            ),
            Kind::KnownHosts(file, _) => write!(
                f,
                "the known_hosts file {} cannot be used; give this user access or name another",
                file.display()
            ),
            Kind::Refused { tried, offered } => {
                write!(f, "{host} did not let {user} in; tried: {}", list(tried))?;
                write!(f, "; it would take: {}", list(offered))?;
                f.write_str("; give a key that the account's authorized_keys has, or another user")
            }
            Kind::NotOpened { open, reason } => {
                let reason = shown(reason);
                write!(f, "{host} let {user} in and did not open {open}: {reason}")
            }
            Kind::Forwarded { open } => write!(
                f,
                "{open} would end beyond {host}, expected a command or a subsystem; take \
                 `Settings::forwarder`, whose flows count as plain"
            ),
            Kind::NotSsh { said } => write!(
                f,
                "{host} does not speak SSH 2: expected a line that begins with `SSH-2.0-`, got \
                 {}; check the port",
                quoted(said)
            ),
            Kind::NoCommonAlgorithm { what, ours, theirs } => {
                let (ours, theirs) = (list(ours), list(theirs));
                write!(f, "no common {what} algorithm with {host}: ")?;
                write!(f, "this side has {ours}, the peer has {theirs}")
            }
            Kind::Ended { reason } => {
                write!(f, "{host} ended the connection during the handshake")?;
                match reason {
                    Some(reason) => write!(f, ": {}", shown(reason)),
                    None => f.write_str("; its log says why"),
                }
            }
            Kind::Io(_) => write!(f, "the connection to {host} failed"),
            Kind::Protocol(_) => write!(f, "the SSH handshake with {host} failed"),
        }
    }
}

impl Error {
    fn fmt_unknown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kind::HostKeyUnknown {
            found,
            other,
            authority,
            broken,
        } = &self.kind
        else {
            return Ok(());
        };
        let (algorithm, fingerprint) = (found.algorithm(), found.fingerprint());
        let host = &self.host;
        write!(f, "the host key of {host} is not known: ")?;
        write!(f, "the server proved {algorithm} {fingerprint}")?;
        if let Some(place) = other {
            write!(f, ", {place} has a key of another kind")?;
        }
        if let Some(place) = authority {
            write!(f, ", the authority of {place} is not supported")?;
        }
        if let Some(place) = broken {
            write!(f, ", {place} cannot be read")?;
        }
        write!(
            f,
            "; compare the fingerprint with the operator's, then add to known_hosts: {host} {found}"
        )
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => shown(&names.join(", ")),
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::KnownHosts(_, error) | Kind::Io(error) => Some(error),
            Kind::Protocol(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_nothing_that_a_terminal_obeys() {
        let said = "\u{3164}hello\n".to_owned();
        let error = Error::new(Kind::NotSsh { said }, "h\u{1b}c", "u\u{ad}");
        let text = error.to_string();
        assert!(text.starts_with(r"h\u{1b}c does not speak SSH 2"), "{text}");
        assert!(text.contains(r#"got "\u{3164}hello\n";"#), "{text}");
        let (tried, offered) = (Vec::new(), Vec::new());
        let error = Error::new(Kind::Refused { tried, offered }, "h", "u\u{ad}");
        assert!(error.to_string().starts_with(r"h did not let u\u{ad} in;"));
    }
}
