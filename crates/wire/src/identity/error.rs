//! Why an identity was refused.

use core::fmt;

/// Why bytes or text are not an [`Identity`](crate::Identity).
///
/// Printing it says what was expected, what was found and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityError {
    kind: IdentityErrorKind,
    position: Option<usize>,
    length: usize,
}

/// The kinds of [`IdentityError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityErrorKind {
    /// The text does not begin with `tuyau1`.
    Prefix,
    /// The text has not 64 characters.
    Length,
    /// The text has a character that bech32 does not use.
    Character,
    /// The text mixes upper and lower case.
    MixedCase,
    /// The checksum is that of bech32, not of bech32m.
    OldChecksum,
    /// The checksum does not match: the text has a typing error.
    Checksum,
    /// The text is longer than its content, which no program of ours writes.
    Padding,
    /// The bytes are not the canonical encoding of a point of the curve.
    Point,
    /// The point is of low order, so that nobody can hold its secret key.
    Weak,
}

impl IdentityErrorKind {
    /// The name of the kind as the test vectors have it, in lower case with hyphens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Length => "length",
            Self::Character => "character",
            Self::MixedCase => "mixed-case",
            Self::OldChecksum => "old-checksum",
            Self::Checksum => "checksum",
            Self::Padding => "padding",
            Self::Point => "point",
            Self::Weak => "weak",
        }
    }
}

impl IdentityError {
    pub(crate) fn new(kind: IdentityErrorKind) -> Self {
        Self {
            kind,
            position: None,
            length: 0,
        }
    }

    /// An error in the text at character `position`, counted from 0.
    pub(super) fn at(kind: IdentityErrorKind, position: usize) -> Self {
        Self {
            kind,
            position: Some(position),
            length: 0,
        }
    }

    pub(super) fn length(length: usize) -> Self {
        Self {
            kind: IdentityErrorKind::Length,
            position: None,
            length,
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> IdentityErrorKind {
        self.kind
    }

    /// The place of the wrong character in the text, counted from 0, where it is known.
    ///
    /// For a checksum that does not match it is the one character whose correction would make it
    /// match; the error may still be elsewhere when there are several.
    pub fn position(&self) -> Option<usize> {
        self.position
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.position.map_or(0, |position| position + 1);
        match self.kind {
            IdentityErrorKind::Prefix => f.write_str(
                "an identity begins with `tuyau1`, this text does not: \
                 copy the whole identity, as `tuyau key show` prints it",
            ),
            IdentityErrorKind::Length => write!(
                f,
                "an identity has 64 characters, this text has {}: \
                 copy it again, from `tuyau1` to its end",
                self.length
            ),
            IdentityErrorKind::Character => write!(
                f,
                "character {place} cannot occur in an identity, which uses digits and letters \
                 after `tuyau1` but no 1, b, i or o: copy it again"
            ),
            IdentityErrorKind::MixedCase => write!(
                f,
                "an identity is all lower case or all upper case, and character {place} differs \
                 from those before it: write it in lower case"
            ),
            IdentityErrorKind::OldChecksum => f.write_str(
                "the checksum is the one of bech32, an identity uses bech32m: \
                 make the text with `tuyau key show`",
            ),
            IdentityErrorKind::Checksum if self.position.is_some() => write!(
                f,
                "the checksum does not match, so there is a typing error, \
                 probably in character {place}: copy it again"
            ),
            IdentityErrorKind::Checksum => f.write_str(
                "the checksum does not match, so there is a typing error: copy it again",
            ),
            IdentityErrorKind::Padding => f.write_str(
                "the unused bits at the end of the identity are not zero: \
                 make the text with `tuyau key show`",
            ),
            IdentityErrorKind::Point => f.write_str(
                "the 32 bytes are not an Ed25519 public key: use one made by `tuyau key new`",
            ),
            IdentityErrorKind::Weak => f.write_str(
                "the public key is of low order, so anyone could sign for it: \
                 use one made by `tuyau key new`",
            ),
        }
    }
}

impl core::error::Error for IdentityError {}
