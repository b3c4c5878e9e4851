//! Why a text is not an address.

use alloc::boxed::Box;
use core::{error::Error, fmt};

/// Why a text is not an [`Address`](crate::Address).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    text: Box<str>,
    offset: usize,
    kind: AddressErrorKind,
}

/// What is wrong with the text of an [`Address`](crate::Address).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressErrorKind {
    /// Longer than [`Address::MAX_LENGTH`](crate::Address::MAX_LENGTH) bytes.
    TooLong,
    /// A character that an address cannot hold: not printable ASCII, or `#`.
    Character,
    /// No `://` in it.
    NoScheme,
    /// The part before `://` is not a letter followed by letters, digits, `+`, `-` or `.`.
    Scheme,
    /// The user before `@` is empty or has other characters than a user's name may have.
    User,
    /// The host is missing, or neither a name nor an IP address (IPv6 in brackets).
    Host,
    /// What stands behind the `%` of an IPv6 address is not a zone.
    Zone,
    /// The port is not a number from 0 to 65,535 without leading zeros.
    Port,
    /// The path is not absolute, or has a `?`, at which a query begins.
    Path,
}

impl AddressError {
    pub(super) fn new(text: &str, offset: usize, kind: AddressErrorKind) -> Self {
        let shown = text
            .char_indices()
            .nth(80)
            .map_or(text, |(end, _)| &text[..end]);
        Self {
            text: shown.into(),
            offset,
            kind,
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> AddressErrorKind {
        self.kind
    }

    /// Where in the text, in bytes from its start.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.kind {
            AddressErrorKind::TooLong => "at most 255 bytes are allowed",
            AddressErrorKind::Character => "only printable ASCII without spaces and `#` is allowed",
            AddressErrorKind::NoScheme => {
                "a scheme and `://` are missing, write for example `tls://127.0.0.1:6000`"
            }
            AddressErrorKind::Scheme => {
                "the scheme must be a letter followed by letters, digits, `+`, `-` or `.`"
            }
            AddressErrorKind::User => {
                "a user's name has letters, digits, `-`, `.`, `_`, `+` and `~`; a password has no place in an address"
            }
            AddressErrorKind::Host => {
                "expected a host name, an IPv4 address or an IPv6 address in brackets"
            }
            AddressErrorKind::Zone => {
                "a zone is `%25` and a number or a name of letters, digits, `-`, `.`, `_` and `~`, as in `[fe80::1%252]`"
            }
            AddressErrorKind::Port => "the port must be a number from 0 to 65535",
            AddressErrorKind::Path => {
                "the path must be absolute, starting with `/`, and without `?`"
            }
        };
        let (text, offset) = (&self.text, self.offset);
        write!(
            f,
            "address {text:?} is not valid at byte {offset}: {expected}"
        )
    }
}

impl Error for AddressError {}
