//! Why Noise failed.

use std::{error, fmt, sync::Arc};

use tuyau_core::{BoxError, ErrorKind, FlowError};

use super::PublicKey;

/// Why a handshake or an established Noise connection failed. Cloning is cheap.
///
/// Its text says which side did what, what was expected, and what to do.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    peer: Side,
}

/// Which side the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It dialled.
    Client,
    /// It accepted.
    Server,
}

impl Side {
    pub(super) fn error(self, kind: Kind) -> Error {
        Error(Arc::new(Inner { kind, peer: self }))
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// The kinds of Noise [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// The peer does not speak this handshake: its message has a length that no such message has.
    NotNoise {
        /// The length that its first two bytes say, in bytes.
        announced: u16,
        /// The lengths that could have been.
        expected: &'static [u16],
    },
    /// A message of the handshake does not decrypt: it was made for another key, with another
    /// prologue, or was changed on its way.
    Undecipherable,
    /// The server proved another key than the one that was expected of it.
    WrongKey {
        /// The key that was expected.
        expected: PublicKey,
        /// The key that the server proved to hold.
        found: PublicKey,
    },
    /// The peer's key is one of the few that anyone can prove to hold.
    WeakKey,
    /// Nobody said which key to expect of the server.
    NoExpectedKey,
    /// A message after the handshake is too short to be one.
    TooShort(u16),
    /// A message after the handshake does not decrypt.
    Corrupted,
    /// The stream ended in the middle of the handshake.
    Unfinished,
    /// The stream ended without the message that says so.
    Truncated,
    /// The flow beneath failed.
    Io(FlowError),
    /// The Noise engine cannot go on; the source says why.
    Engine(BoxError),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    fn flow_kind(&self) -> ErrorKind {
        match self.kind() {
            Kind::Truncated | Kind::Unfinished => ErrorKind::Truncated,
            Kind::Io(error) => error.kind(),
            _ => ErrorKind::Protocol,
        }
    }
}

impl From<Error> for FlowError {
    fn from(error: Error) -> Self {
        FlowError::new(error.flow_kind(), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, peer } = &*self.0;
        match kind {
            Kind::NotNoise {
                announced,
                expected,
            } => write!(
                f,
                "the {peer} does not speak this Noise handshake: a message of {} bytes was expected, \
                 but its first two bytes \"{}\" announce {announced}; {}",
                Lengths(expected),
                announced.to_be_bytes().escape_ascii(),
                remedy(*peer)
            ),
            Kind::Undecipherable => write!(
                f,
                "the {peer}'s part of the handshake does not decrypt; check that both sides have the \
                 same prologue and that it was meant for this side's key"
            ),
            Kind::WrongKey { expected, found } => write!(
                f,
                "the {peer} proved the key {found}, but {expected} was expected; \
                 check the key, and whether the address is another's"
            ),
            Kind::WeakKey => write!(
                f,
                "the {peer}'s key is one that anyone can prove to hold; let it make a fresh one"
            ),
            Kind::NoExpectedKey => write!(
                f,
                "nobody said which key to expect of the {peer}; give its public key"
            ),
            Kind::TooShort(length) => write!(
                f,
                "the {peer} sent a message of {length} bytes, and one has at least 16"
            ),
            Kind::Corrupted => write!(
                f,
                "a message of the {peer} does not decrypt; it was changed on its way"
            ),
            Kind::Unfinished => write!(
                f,
                "the {peer} ended the stream in the middle of the handshake; it stopped, does not \
                 speak Noise, or holds another key than was expected"
            ),
            Kind::Truncated => write!(
                f,
                "the {peer} ended the stream without saying so; it stopped, or the connection was cut"
            ),
            Kind::Io(_) => write!(f, "the connection to the {peer} failed"),
            Kind::Engine(_) => write!(f, "Noise cannot go on with the {peer}"),
        }
    }
}

/// Prints `32 or 96`.
struct Lengths(&'static [u16]);

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, length) in self.0.iter().enumerate() {
            let or = if number == 0 { "" } else { " or " };
            write!(f, "{or}{length}")?;
        }
        Ok(())
    }
}

fn remedy(peer: Side) -> &'static str {
    match peer {
        Side::Client => "let it connect with Noise",
        Side::Server => "check the address and the port",
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(self.kind()).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self.kind() {
            Kind::Io(error) => Some(error),
            Kind::Engine(error) => Some(&**error),
            _ => None,
        }
    }
}
