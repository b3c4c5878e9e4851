//! Where an SSH connect goes, and what it opens there.

use std::fmt;

use tuyau_core::{LayerKey, Target};

use super::known_hosts::name_of;
use crate::peer_text::{quoted, shown};

/// The port that SSH servers usually listen at.
const PORT: u16 = 22;

/// The key of the layer; with it over a protocol's key comes a [`Remote`] beside the endpoint.
#[derive(Debug)]
pub struct SshKey;

impl LayerKey for SshKey {
    type Config = Remote;
    const NAME: &'static str = "ssh";

    /// Who connects, and to which host: behind a proxy and for a name with several addresses the
    /// endpoint does not tell. What is opened may have secrets in it, and is not printed.
    fn show(remote: &Remote, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " as {remote}")
    }
}

/// Who connects to which host, and what is opened there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    pub(super) user: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) open: Open,
}

impl Remote {
    /// The account `user` on `host`. Host and port are those by which `known_hosts` knows the server,
    /// whatever address it is reached at.
    pub fn new(user: &str, host: &str, port: u16, open: Open) -> Self {
        Self {
            user: user.to_owned(),
            host: host.to_owned(),
            port,
            open,
        }
    }

    /// What a target means: its user, host and port, or 22, and the [`Open`] that was added to it.
    /// Nothing when one of them is missing. A function for
    /// [`ResolverExt::configure`](tuyau_core::ResolverExt::configure).
    pub fn of(target: &Target) -> Option<Self> {
        let open = target.find::<Open>()?.clone();
        let port = target.port_number().unwrap_or(PORT);
        Some(Self::new(target.user()?, target.host()?, port, open))
    }

    /// The account.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What is opened.
    pub fn open(&self) -> &Open {
        &self.open
    }
}

/// It prints as `user@host`, with the port when it is not 22.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = name_of(&self.host, self.port);
        write!(f, "{}@{}", shown(&self.user), shown(&name))
    }
}

/// What an SSH connection is opened for.
///
/// It can be added to a [`Target`](tuyau_core::Target), for a resolver to find. On the serving side
/// it is an information of the flow: what the client asked for, in the client's words. As text it has
/// nothing that a terminal obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Open {
    /// A command, which the server's shell reads (RFC 4254, section 6.5).
    Command {
        /// The command line.
        command: String,
        /// Variables for its environment. A server takes only those that it is configured to take,
        /// and does not tell.
        environment: Vec<(String, String)>,
    },
    /// A subsystem, such as `sftp` (RFC 4254, section 6.5).
    Subsystem(String),
    /// A TCP connection that the server makes (RFC 4254, section 7.2), for a
    /// [`Forwarder`](super::Forwarder). The flow is protected as far as that server; what follows is as
    /// plain as TCP.
    Tcp {
        /// The host, resolved by the server.
        host: String,
        /// The port.
        port: u16,
    },
    /// A connection to a Unix socket that the server makes, as OpenSSH knows it
    /// (`direct-streamlocal@openssh.com`), for a [`Forwarder`](super::Forwarder): any program there can
    /// listen at a path.
    Unix {
        /// The socket's path on the server.
        path: String,
    },
}

impl Open {
    /// A command without variables.
    pub fn command(command: &str) -> Self {
        Self::Command {
            command: command.to_owned(),
            environment: Vec::new(),
        }
    }

    /// A TCP connection that the server makes.
    pub fn tcp(host: &str, port: u16) -> Self {
        let host = host.to_owned();
        Self::Tcp { host, port }
    }

    /// A connection to a Unix socket that the server makes.
    pub fn unix(path: &str) -> Self {
        let path = path.to_owned();
        Self::Unix { path }
    }

    /// Adds a variable to a command's environment; of anything else it changes nothing.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        if let Self::Command { environment, .. } = &mut self {
            environment.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Whether it ends beyond the program that proved the server's key.
    pub(super) fn ends_elsewhere(&self) -> bool {
        matches!(self, Self::Tcp { .. } | Self::Unix { .. })
    }

    /// Whether it ends with an exit status.
    pub(super) fn exits(&self) -> bool {
        matches!(self, Self::Command { .. } | Self::Subsystem(_))
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { command, .. } => write!(f, "the command {}", quoted(command)),
            Self::Subsystem(name) => write!(f, "the subsystem {}", quoted(name)),
            Self::Tcp { host, port } => write!(f, "a connection to {}:{port}", shown(host)),
            Self::Unix { path } => write!(f, "a connection to the socket {}", shown(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_asks_for_has_nothing_that_a_terminal_obeys() {
        let bad = "a\u{1b}[2Jb\u{202e}\u{3164}\n";
        let harmless = r"a\u{1b}[2Jb\u{202e}\u{3164}\n";
        let subsystem = Open::Subsystem(bad.to_owned());
        for (open, expected) in [
            (Open::tcp(bad, 80), format!("a connection to {harmless}:80")),
            (
                Open::unix(bad),
                format!("a connection to the socket {harmless}"),
            ),
            (Open::command(bad), format!("the command \"{harmless}\"")),
            (subsystem, format!("the subsystem \"{harmless}\"")),
        ] {
            assert_eq!(open.to_string(), expected);
        }
        let remote = Remote::new(bad, "HERE", 22, Open::command("work"));
        assert_eq!(remote.to_string(), format!("{harmless}@here"));
    }
}
