//! Why a key file was refused.

use core::fmt;

use alloc::string::String;

/// Why text is not a key file, or a key could not be made.
///
/// Printing it says where, what was expected, what was found and what to do. It never holds a part
/// of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKeyError {
    kind: SecretKeyErrorKind,
    line: Option<usize>,
    found: Option<String>,
}

/// The kinds of [`SecretKeyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretKeyErrorKind {
    /// There is no text at all.
    Empty,
    /// The text has no line that begins a PEM block.
    NotPem,
    /// The PEM block is something else than a PKCS#8 private key.
    Label,
    /// The text ends before the line that ends the PEM block.
    Truncated,
    /// The lines between begin and end are not base64 as PEM wants it.
    Base64,
    /// The content is not the structure of a PKCS#8 private key.
    Structure,
    /// The content is a private key of another algorithm than Ed25519.
    Algorithm,
    /// The public key stored beside the secret one does not belong to it.
    Mismatch,
    /// The operating system gave no random numbers for a new key.
    Random,
}

impl SecretKeyError {
    pub(super) fn new(kind: SecretKeyErrorKind) -> Self {
        Self {
            kind,
            line: None,
            found: None,
        }
    }

    pub(super) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> SecretKeyErrorKind {
        self.kind
    }

    /// The line of the text that is wrong, counted from 1, where there is one.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// What to do about a PEM block of another kind.
fn advice(label: &str) -> &'static str {
    match label {
        "ENCRYPTED PRIVATE KEY" => {
            "the key is encrypted: decrypt it with `openssl pkey -in FILE -out NEW`"
        }
        "CERTIFICATE" => "this is a certificate: give the file of the key that belongs to it",
        "PUBLIC KEY" => "this is a public key: give the file of the secret key",
        "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "DSA PRIVATE KEY" => {
            "this is a key of another algorithm: make one with `tuyau key new`"
        }
        "OPENSSH PRIVATE KEY" => "this is a key for SSH: make one with `tuyau key new`",
        _ => "make a key with `tuyau key new`",
    }
}

impl fmt::Display for SecretKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.as_deref().unwrap_or("something else");
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match self.kind {
            SecretKeyErrorKind::Empty => f.write_str(
                "expected `-----BEGIN PRIVATE KEY-----`, found nothing: \
                 restore the key file from a copy, or make a key with `tuyau key new`",
            ),
            SecretKeyErrorKind::NotPem => f.write_str(
                "expected `-----BEGIN PRIVATE KEY-----`, found no line that begins with \
                 `-----BEGIN`: give a key file in PEM, as `tuyau key new` makes it",
            ),
            SecretKeyErrorKind::Label => {
                let advice = advice(found);
                write!(
                    f,
                    "expected `-----BEGIN PRIVATE KEY-----`, found `{found}`; {advice}"
                )
            }
            SecretKeyErrorKind::Truncated => f.write_str(
                "expected `-----END PRIVATE KEY-----`, found the end of the text: \
                 restore the key file from a copy",
            ),
            SecretKeyErrorKind::Base64 => f.write_str(
                "expected base64 in lines of 64 characters, found something else: \
                 restore the key file from a copy",
            ),
            SecretKeyErrorKind::Structure => f.write_str(
                "expected the structure of a PKCS#8 private key, found content that is damaged or \
                 cut short: restore the key file from a copy",
            ),
            SecretKeyErrorKind::Algorithm => write!(
                f,
                "expected an Ed25519 key, found one of the algorithm {found}: \
                 make a key with `tuyau key new`"
            ),
            SecretKeyErrorKind::Mismatch => f.write_str(
                "expected the public key that belongs to the secret one, found another: \
                 restore the key file from a copy",
            ),
            SecretKeyErrorKind::Random => {
                f.write_str("the operating system gave no random numbers for a new key")
            }
        }
    }
}

impl core::error::Error for SecretKeyError {}
