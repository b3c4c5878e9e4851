//! What can go wrong when name servers are asked.

use std::{error::Error, fmt, sync::Arc};

use crate::peer_text::shown;

/// Why DNS gave no endpoint, or not all of them.
#[derive(Clone, Debug)]
pub struct DnsError {
    kind: DnsErrorKind,
    /// The name, or the file of the system's configuration.
    place: Box<str>,
    /// The kind of record that was asked for.
    record: &'static str,
    detail: Box<str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The kinds of [`DnsError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DnsErrorKind {
    /// The text of the target is no domain name.
    BadName,
    /// The target has no port, and the records have none.
    NoPort,
    /// There is no such name (NXDOMAIN).
    NoSuchName,
    /// The name exists, and has no record of this kind.
    NoRecord,
    /// The server could not find out (SERVFAIL), as when a zone is broken.
    ServerFailure,
    /// The server does not answer such questions, or not to us (REFUSED).
    Refused,
    /// The server answered with another error code.
    Code,
    /// No server answered in time, or what came was no answer to the question.
    TimedOut,
    /// No server could be reached.
    Unreachable,
    /// An answer cannot be read, or breaks the rules.
    Malformed,
    /// An answer was cut, over TCP too.
    Truncated,
    /// Aliases lead in a circle, or one to another without end.
    Aliases,
    /// The records say that the service is not offered there (RFC 2782; RFC 9460, section 2.5.1).
    NotOffered,
    /// Every service wants something understood that this library does not know (RFC 9460, section 8).
    Unsupported,
    /// There are more records than are used; the others are used.
    TooMany,
    /// The system's configuration cannot be read, or names no server.
    NoServers,
}

impl DnsError {
    pub(super) fn new(kind: DnsErrorKind, place: &str, record: &'static str) -> Self {
        Self {
            kind,
            place: place.escape_debug().to_string().into(),
            record,
            detail: "".into(),
            source: None,
        }
    }

    /// `found` of which `used` are used.
    pub(super) fn too_many(what: &'static str, found: usize, used: usize) -> Self {
        let detail = format!("{found} {what}, of which {used} are used");
        Self::new(DnsErrorKind::TooMany, "", "").with_detail(&detail)
    }

    pub(super) fn with_detail(mut self, detail: &str) -> Self {
        self.detail = detail.into();
        self
    }

    pub(super) fn caused(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What is wrong with an answer, in words that may be the answer's own.
    pub(super) fn answered(self, wrong: &dyn Error) -> Self {
        let said = shown(&wrong.to_string());
        self.caused(Said(said.into()))
    }

    /// What went wrong.
    pub fn kind(&self) -> DnsErrorKind {
        self.kind
    }

    /// Whether it says that there is nothing, and not that nobody could say.
    pub fn is_negative(&self) -> bool {
        matches!(self.kind, DnsErrorKind::NoSuchName | DnsErrorKind::NoRecord)
    }
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            record,
            detail,
            ..
        } = self;
        match self.kind {
            DnsErrorKind::BadName => write!(
                f,
                "\"{place}\" is no domain name; expected labels of 1 to 63 letters, digits and \
                 hyphens with dots between, 253 in all"
            ),
            DnsErrorKind::NoPort => {
                write!(
                    f,
                    "no port was given for {place}, write for example {place}:6000"
                )
            }
            DnsErrorKind::NoSuchName => {
                write!(
                    f,
                    "the name {place} does not exist (NXDOMAIN); check its spelling"
                )
            }
            DnsErrorKind::NoRecord => write!(
                f,
                "the name {place} has no {record} record; check the name, or add the record"
            ),
            DnsErrorKind::ServerFailure => write!(
                f,
                "{detail} failed to find the {record} record of {place} (SERVFAIL); \
                 the zone may be broken, try later or ask its operator"
            ),
            DnsErrorKind::Refused => write!(
                f,
                "{detail} refused the question for the {record} record of {place} (REFUSED); \
                 ask another name server"
            ),
            DnsErrorKind::Code => write!(
                f,
                "{detail} to the question for the {record} record of {place}; ask another name server"
            ),
            DnsErrorKind::TimedOut => write!(
                f,
                "no valid answer of {detail} about the {record} record of {place} in time; \
                 check the network and the name servers"
            ),
            DnsErrorKind::Unreachable => write!(
                f,
                "{detail} cannot be reached about the {record} record of {place}; \
                 check the network and the name servers"
            ),
            DnsErrorKind::Malformed => write!(
                f,
                "{detail} sent an answer about the {record} record of {place} that is none; \
                 ask another name server"
            ),
            DnsErrorKind::Truncated => write!(
                f,
                "{detail} cut the answer about the {record} record of {place}, over TCP too; \
                 ask another name server"
            ),
            DnsErrorKind::Aliases => write!(
                f,
                "aliases of {place} lead {detail}; expected at most {}, tell the operator of the zone",
                super::MAX_ALIASES
            ),
            DnsErrorKind::NotOffered => write!(
                f,
                "the {record} record of {place} says that the service is not offered there"
            ),
            DnsErrorKind::Unsupported => write!(
                f,
                "every {record} record of {place} demands what this program does not know: {detail}; \
                 use the addresses of the name"
            ),
            DnsErrorKind::TooMany => write!(f, "found {detail}"),
            DnsErrorKind::NoServers => {
                write!(
                    f,
                    "{place} names no name server that can be asked; check it"
                )
            }
        }
    }
}

impl Error for DnsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// What is wrong with an answer, in one line that no terminal obeys.
#[derive(Debug)]
struct Said(Box<str>);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Said {}
