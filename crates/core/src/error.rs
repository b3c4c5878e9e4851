//! What can go wrong with a flow, and how causes are printed.

use alloc::boxed::Box;
use core::{
    error::Error,
    fmt::{self, Write as _},
};

use crate::visible::Visible;

/// Any error, as the erased forms of protocols, layers and resolvers hand it on.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why reading from or writing to a flow failed.
#[derive(Debug)]
pub struct FlowError {
    kind: ErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`FlowError`] a caller can act on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// This side was closed or aborted before.
    Closed,
    /// The peer reset the flow.
    Reset,
    /// Nobody listens at the endpoint.
    Refused,
    /// The endpoint cannot be reached.
    Unreachable,
    /// A deadline passed.
    TimedOut,
    /// The stream ended before its proper end, as a TLS stream without `close_notify`.
    Truncated,
    /// The peer broke the rules of the protocol.
    Protocol,
    /// A datagram is larger than the flow can send, or than the buffer that should receive it; a
    /// stream is longer than the limit that was set for it.
    TooLarge,
    /// This flow cannot do that.
    Unsupported,
    /// The address is in use by another listener.
    InUse,
    /// The operating system does not permit it.
    Denied,
    /// Anything else; the source says what.
    Other,
}

impl ErrorKind {
    fn text(self) -> &'static str {
        match self {
            Self::Closed => "the flow is closed",
            Self::Reset => "the peer reset the flow",
            Self::Refused => "connection refused",
            Self::Unreachable => "endpoint unreachable",
            Self::TimedOut => "timed out",
            Self::Truncated => "the stream ended before its proper end",
            Self::Protocol => "the peer broke the protocol",
            Self::TooLarge => "too large for the flow, the buffer or the limit",
            Self::Unsupported => "not supported by this flow",
            Self::InUse => "the address is already in use",
            Self::Denied => "permission denied",
            Self::Other => "the flow failed",
        }
    }
}

impl FlowError {
    /// Makes an error with its cause.
    pub fn new(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl From<ErrorKind> for FlowError {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())
    }
}

impl Error for FlowError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// Prints an error followed by its sources, each after a colon.
///
/// Sources are often the words of others, so what a terminal would obey is shown as U+FFFD. A source
/// whose text is in that of its parent already is left out: a
/// [`ConnectError`](crate::ConnectError) prints the causes of all attempts itself.
///
/// ```
/// use tuyau_core::{Chain, ErrorKind, FlowError};
///
/// let error = FlowError::new(ErrorKind::Protocol, "bad record");
/// assert_eq!(Chain(&error).to_string(), "the peer broke the protocol: bad record");
/// ```
#[derive(Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut above = alloc::format!("{}", self.0);
        let mut shown = Visible(f);
        shown.write_str(&above)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            let text = alloc::format!("{error}");
            if !says(&above, &text) {
                write!(shown, ": {text}")?;
                above = text;
            }
            next = error.source();
        }
        Ok(())
    }
}

/// Whether a text has another one in it, whatever the indents of their lines. What the operating system
/// says is the same with its number and without, and in upper and lower case.
fn says(text: &str, part: &str) -> bool {
    if let Some((words, _)) = part.rsplit_once(" (os error ") {
        let words = words.to_ascii_lowercase();
        return text.to_ascii_lowercase().contains(&words);
    }
    fn flat(text: &str) -> alloc::vec::Vec<&str> {
        text.lines().map(str::trim_start).collect()
    }
    text.contains(part)
        || part.contains('\n') && flat(text).join("\n").contains(&flat(part).join("\n"))
}

#[cfg(feature = "std")]
mod io {
    use super::{ErrorKind, FlowError};
    use std::io;

    impl From<io::Error> for FlowError {
        fn from(error: io::Error) -> Self {
            // A flow error that crossed std comes back as it was.
            let error = match error.downcast::<FlowError>() {
                Ok(error) => return error,
                Err(error) => error,
            };
            Self::new(ErrorKind::from(error.kind()), error)
        }
    }

    impl From<FlowError> for io::Error {
        fn from(error: FlowError) -> Self {
            io::Error::new(error.kind().into(), error)
        }
    }

    impl From<io::ErrorKind> for ErrorKind {
        fn from(kind: io::ErrorKind) -> Self {
            match kind {
                io::ErrorKind::ConnectionRefused => Self::Refused,
                io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Self::Reset,
                io::ErrorKind::BrokenPipe => Self::Reset,
                io::ErrorKind::NotConnected => Self::Closed,
                io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NotFound => Self::Unreachable,
                io::ErrorKind::TimedOut => Self::TimedOut,
                io::ErrorKind::UnexpectedEof => Self::Truncated,
                io::ErrorKind::InvalidData => Self::Protocol,
                io::ErrorKind::Unsupported => Self::Unsupported,
                io::ErrorKind::AddrInUse => Self::InUse,
                io::ErrorKind::PermissionDenied => Self::Denied,
                _ => Self::Other,
            }
        }
    }

    impl From<ErrorKind> for io::ErrorKind {
        fn from(kind: ErrorKind) -> Self {
            match kind {
                ErrorKind::Closed => Self::NotConnected,
                ErrorKind::Reset => Self::ConnectionReset,
                ErrorKind::Refused => Self::ConnectionRefused,
                ErrorKind::Unreachable => Self::HostUnreachable,
                ErrorKind::TimedOut => Self::TimedOut,
                ErrorKind::Truncated => Self::UnexpectedEof,
                ErrorKind::Protocol => Self::InvalidData,
                ErrorKind::TooLarge => Self::InvalidInput,
                ErrorKind::Unsupported => Self::Unsupported,
                ErrorKind::InUse => Self::AddrInUse,
                ErrorKind::Denied => Self::PermissionDenied,
                ErrorKind::Other => Self::Other,
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_nothing_twice() {
        let system = std::io::Error::other("No route (os error 113)");
        let lower = FlowError::new(ErrorKind::Refused, system);
        let text = Chain(&lower).to_string();
        assert_eq!(text, "connection refused: No route (os error 113)");
        let system = std::io::Error::other("Connection refused (os error 111)");
        let error = FlowError::new(ErrorKind::Refused, system);
        assert_eq!(Chain(&error).to_string(), "connection refused");
        let report = format!("every attempt failed\n  1. {text}\n  2. timed out");
        let upper = Reported(report.clone(), lower);
        assert_eq!(Chain(&upper).to_string(), report);
    }

    /// An error whose text has those of its causes in it, as that of a connect has.
    #[derive(Debug)]
    struct Reported(std::string::String, FlowError);

    impl fmt::Display for Reported {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Error for Reported {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    #[test]
    fn survives_the_way_through_std() {
        let error: std::io::Error = FlowError::new(ErrorKind::Truncated, "no close_notify").into();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
        let back = FlowError::from(error);
        assert_eq!(back.kind(), ErrorKind::Truncated);
        assert_eq!(back.source().unwrap().to_string(), "no close_notify");
    }
}
