//! Why a stream was refused.

use core::{error::Error, fmt};

use crate::RejectCode;

/// Why bytes are not a stream of frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    kind: FrameErrorKind,
    first: u8,
    length: u64,
    limit: usize,
}

/// The kinds of [`FrameError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameErrorKind {
    /// A frame begins with something else than a byte string.
    NotBytes,
    /// The stream is text, such as a request of HTTP.
    Text,
    /// The byte string has no definite length.
    Indefinite,
    /// The length is not written in its shortest form.
    NotShortest,
    /// A first byte that RFC 8949 leaves undefined.
    Reserved,
    /// The message is longer than the receiver accepts.
    TooLong,
}

impl FrameErrorKind {
    /// The name of the kind as the test vectors have it, in lower case with hyphens.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotBytes => "not-bytes",
            Self::Text => "text",
            Self::Indefinite => "indefinite",
            Self::NotShortest => "not-shortest",
            Self::Reserved => "reserved",
            Self::TooLong => "too-long",
        }
    }
}

impl FrameError {
    pub(super) fn new(kind: FrameErrorKind) -> Self {
        Self {
            kind,
            first: 0,
            length: 0,
            limit: 0,
        }
    }

    pub(super) fn not_bytes(first: u8, looks_like_text: bool) -> Self {
        let kind = if looks_like_text {
            FrameErrorKind::Text
        } else {
            FrameErrorKind::NotBytes
        };
        Self {
            first,
            ..Self::new(kind)
        }
    }

    pub(super) fn too_long(length: u64, limit: usize) -> Self {
        Self {
            length,
            limit,
            ..Self::new(FrameErrorKind::TooLong)
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> FrameErrorKind {
        self.kind
    }

    /// The code with which a receiver rejects the session.
    pub fn reject_code(&self) -> RejectCode {
        match self.kind {
            FrameErrorKind::TooLong => RejectCode::TooLarge,
            _ => RejectCode::Malformed,
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FrameErrorKind::NotBytes => {
                write!(
                    f,
                    "expected a frame, a CBOR byte string, found byte {:#04x}",
                    self.first
                )
            }
            FrameErrorKind::Text => f.write_str(
                "expected a frame, a CBOR byte string, found text: \
                 the peer speaks another protocol, perhaps HTTP",
            ),
            FrameErrorKind::Indefinite => {
                f.write_str("expected a frame of definite length, found one of indefinite length")
            }
            FrameErrorKind::NotShortest => f.write_str(
                "expected the length of a frame in its shortest form, found a longer one",
            ),
            FrameErrorKind::Reserved => {
                f.write_str("expected the length of a frame, found a reserved first byte")
            }
            FrameErrorKind::TooLong => write!(
                f,
                "expected a message of at most {} bytes, found one of {}",
                self.limit, self.length
            ),
        }
    }
}

impl Error for FrameError {}
