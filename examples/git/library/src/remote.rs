//! Where a repository is.

use std::{error, fmt, str::FromStr};

use tuyau_core::{Address, AddressError, Target};

/// A repository on a server, parsed from a URL: `git://host/path`, `ssh://user@host/path`,
/// `https://host/path`, or with no scheme, `host/path`, which leaves the way to the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    address: Address,
    has_scheme: bool,
}

/// Added to the target of a connect: the service that is wanted, for a protocol that has to know it
/// before there is a flow, as SSH has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPack {
    path: String,
}

impl UploadPack {
    /// The command line that starts the service on the server, with the path quoted for a shell.
    pub fn command(&self) -> String {
        // `/~user/…` is a path in that user's home.
        let path = match self.path.strip_prefix('/') {
            Some(home) if home.starts_with('~') => home,
            _ => &self.path,
        };
        format!("git-upload-pack '{}'", path.replace('\'', r"'\''"))
    }

    /// The variables that the command wants in its environment: they ask for the newest protocol.
    pub fn variables(&self) -> [(&'static str, &'static str); 1] {
        [("GIT_PROTOCOL", "version=2")]
    }
}

impl Remote {
    /// What to connect to.
    pub fn target(&self) -> Target {
        let service = UploadPack {
            path: self.path().to_owned(),
        };
        if self.has_scheme {
            return Target::from(self.address.clone()).with(service);
        }
        let target = Target::name(self.host()).with(service);
        match self.address.port() {
            Some(port) => target.port(port),
            None => target,
        }
    }

    /// The host, as it was written.
    pub fn host(&self) -> &str {
        self.address.host().unwrap_or_default()
    }

    /// The port, if one was written.
    pub fn port(&self) -> Option<u16> {
        self.address.port()
    }

    /// The path on the server.
    pub fn path(&self) -> &str {
        self.address.path().unwrap_or_default()
    }

    /// The repository's name: the last part of the path, without `.git`.
    pub fn name(&self) -> &str {
        let path = self.path().trim_end_matches('/');
        let last = path.rsplit('/').next().unwrap_or_default();
        last.strip_suffix(".git").unwrap_or(last)
    }
}

impl FromStr for Remote {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let has_scheme = text.contains("://");
        let whole = match has_scheme {
            true => text.to_owned(),
            false => format!("any://{text}"),
        };
        let address: Address = whole.parse().map_err(ParseError::Address)?;
        let remote = Self {
            address,
            has_scheme,
        };
        if remote.address.host().is_none() || matches!(remote.name(), "" | "." | "..") {
            return Err(ParseError::Incomplete(text.into()));
        }
        Ok(remote)
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.address.to_string();
        f.write_str(match self.has_scheme {
            true => &text,
            false => text.trim_start_matches("any://"),
        })
    }
}

/// Why a text does not say where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It is no URL.
    Address(AddressError),
    /// It has no host or no path.
    Incomplete(Box<str>),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => error.fmt(f),
            Self::Incomplete(text) => write!(
                f,
                "{text:?} names no repository: expected a host and a path, as in \
                 `https://example.org/project.git`"
            ),
        }
    }
}

impl error::Error for ParseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_parts_of_a_url() {
        let remote: Remote = "ssh://git@example.org:2222/a/b.git".parse().unwrap();
        assert_eq!((remote.host(), remote.port()), ("example.org", Some(2222)));
        assert_eq!((remote.path(), remote.name()), ("/a/b.git", "b"));
        assert_eq!(remote.target().user(), Some("git"));
        assert_eq!(remote.to_string(), "ssh://git@example.org:2222/a/b.git");
        let remote: Remote = "example.org/b".parse().unwrap();
        assert_eq!(remote.target().scheme(), None);
        assert_eq!(remote.to_string(), "example.org/b");
    }

    #[test]
    fn refuses_what_names_no_repository() {
        for text in [
            "example.org",
            "git://",
            "https://example.org/",
            "git:///a",
            "h/..",
            "a b",
        ] {
            assert!(text.parse::<Remote>().is_err(), "{text}");
        }
    }

    #[test]
    fn quotes_paths_for_the_server_s_shell() {
        let command = |path: &str| {
            let path = path.to_owned();
            UploadPack { path }.command()
        };
        assert_eq!(command("/a/b.git"), "git-upload-pack '/a/b.git'");
        assert_eq!(command("/~me/b"), "git-upload-pack '~me/b'");
        assert_eq!(
            command("/a';reboot'"),
            r"git-upload-pack '/a'\'';reboot'\'''"
        );
    }
}
