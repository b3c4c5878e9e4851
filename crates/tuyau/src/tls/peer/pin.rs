//! Public keys of any algorithm, named by their fingerprint.

use std::{error::Error, fmt, str::FromStr};

use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;

/// The SHA-256 of a public key's `SubjectPublicKeyInfo` (as in RFC 7469, section 2.4). Added to a
/// [`Target`](tuyau_core::Target), it is the key that the server must prove.
///
/// It outlives the certificate: a renewed certificate for the same key has the same pin. Its text is
/// 64 hexadecimal digits, as this command prints them (in one line):
///
/// ```console
/// openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform der |
///     openssl dgst -sha256 -r | cut -d ' ' -f 1
/// ```
///
/// ```
/// use tuyau::tls::Pin;
///
/// let text = "e0a0d1c4c5ed3ee73e0f8fc4ad4c4fb7cd8a6ca1b0a2c3d4e5f60718293a4b5c";
/// let pin: Pin = text.parse()?;
/// assert_eq!(pin.to_string(), text);
/// # Ok::<(), tuyau::tls::PinError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin(pub [u8; 32]);

impl Pin {
    /// The pin of a key in the form of a `SubjectPublicKeyInfo`, in DER.
    pub fn of_spki_der(spki: &[u8]) -> Self {
        Self(sha256(spki))
    }
}

/// SHA-256, by what TLS brings anyway.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    if let Some(suite) = TLS13_AES_128_GCM_SHA256.tls13() {
        digest.copy_from_slice(suite.common.hash_provider.hash(bytes).as_ref());
    }
    digest
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let error = PinError { length: text.len() };
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(error);
        }
        let mut pin = [0; 32];
        for (index, byte) in pin.iter_mut().enumerate() {
            let digits = &text[2 * index..2 * index + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| error)?;
        }
        Ok(Self(pin))
    }
}

/// Why a text is not a [`Pin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinError {
    length: usize,
}

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a pin is the SHA-256 of a public key as 64 hexadecimal digits, this has {} characters, \
             or other ones; `openssl dgst -sha256` prints such digits",
            self.length
        )
    }
}

impl Error for PinError {}
