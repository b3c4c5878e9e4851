//! Why a peer's key or certificate was refused.

use std::{error::Error, fmt, sync::Arc};

use rustls::{CertificateError, ExtendedKeyPurpose, OtherError, pki_types::UnixTime};

use super::{Description, Pin, time::Moment, witness};
use crate::tls::{PublicKey, Side};

/// How many purposes of a certificate are printed.
const PURPOSES: usize = 8;

/// How many numbers of a purpose that has no name here are printed.
const NUMBERS: usize = 16;

/// Why a peer's key was refused, as it travels through rustls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tls) enum Refusal {
    UnsupportedKey,
    WrongKey {
        expected: PublicKey,
        found: PublicKey,
    },
    WrongPin {
        expected: Pin,
        found: Pin,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnsupportedKey => "unsupported key",
            Self::WrongKey { .. } | Self::WrongPin { .. } => "wrong key",
        })
    }
}

impl Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

impl Refusal {
    pub(in crate::tls) fn of(error: &CertificateError) -> Option<Self> {
        match error {
            CertificateError::Other(OtherError(inner)) => inner.downcast_ref().copied(),
            _ => None,
        }
    }
}

/// A certificate that is not acceptable, and why.
#[derive(Clone, Debug)]
pub struct BadCertificate {
    why: CertificateError,
    presented: Option<Box<Description>>,
}

impl BadCertificate {
    /// The verdict that was given just now, on this thread.
    pub(in crate::tls) fn new(why: CertificateError) -> Self {
        let presented = witness::take()
            .and_then(|it| Description::read(&it))
            .map(Box::new);
        Self { why, presented }
    }

    /// What is wrong with it.
    pub fn why(&self) -> &CertificateError {
        &self.why
    }

    /// What it says, when it can be read.
    pub fn description(&self) -> Option<&Description> {
        self.presented.as_deref()
    }

    /// Prints the reason and what to do, as a sentence about `peer`'s certificate.
    pub(in crate::tls) fn explain(&self, peer: Side, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason(peer, f)?;
        match &self.presented {
            Some(presented) => write!(f, " (it has the {presented})"),
            None => Ok(()),
        }
    }

    fn reason(&self, peer: Side, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use CertificateError as E;
        write!(f, "the {peer}'s certificate ")?;
        match &self.why {
            E::ExpiredContext { time, not_after } => write!(
                f,
                "expired on {}, and it is {} here; have it renewed, or set this machine's clock",
                moment(not_after),
                moment(time)
            ),
            E::NotValidYetContext { time, not_before } => write!(
                f,
                "is not valid before {}, and it is {} here; wait, or set this machine's clock",
                moment(not_before),
                moment(time)
            ),
            E::NotValidForNameContext { expected, .. } => write!(
                f,
                "is not for {}, but for {}; check the name, or have a certificate made for it",
                expected.to_str(),
                self.names()
            ),
            E::UnknownIssuer => self.unknown_issuer(peer, f),
            E::InvalidPurposeContext { presented, .. } => write!(
                f,
                "is not meant for a {peer}, but for {}; \
                 have one made with the extended key usage {}",
                purposes(presented),
                usage(peer)
            ),
            E::InvalidPurpose => write!(
                f,
                "is not meant for a {peer}; have one made with the extended key usage {}",
                usage(peer)
            ),
            E::BadSignature => f.write_str(
                "or its proof of the key is wrongly signed; \
                 the peer does not hold the key, or something on the way changes the bytes",
            ),
            E::Other(why) if why.to_string().contains("CaUsedAsEndEntity") => write!(
                f,
                "is that of an authority, which a {peer} may not present; \
                 have one made with CA:FALSE, or expect its key (a pin)"
            ),
            E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => f.write_str(
                "is signed by an algorithm that is not known here, or not with such a key; \
                 have one made with ECDSA, RSA or Ed25519",
            ),
            why => {
                let why: String = why.to_string().chars().take(REASON).collect();
                write!(
                    f,
                    "is not acceptable: {why}; check it, and the roots on this side"
                )
            }
        }
    }

    fn unknown_issuer(&self, peer: Side, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.presented {
            Some(it) if it.is_self_issued() => write!(
                f,
                "is self-signed and none of the trusted ones; \
                 add it to the roots of this side, or expect its key (a pin)"
            ),
            Some(it) => write!(
                f,
                "does not chain to a trusted authority: it was issued by \"{}\"; add that authority \
                 to the roots of this side, or let the {peer} send the certificates in between",
                it.issuer()
            ),
            None => write!(
                f,
                "does not chain to a trusted authority; check it, and the roots on this side"
            ),
        }
    }

    fn names(&self) -> String {
        match &self.presented {
            Some(presented) => presented.listed_names().to_string(),
            None => "other names".to_owned(),
        }
    }
}

/// How much is shown of a reason that may hold parts of what the peer presented.
const REASON: usize = 200;

fn moment(time: &UnixTime) -> Moment {
    Moment(i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 2))
}

fn usage(peer: Side) -> &'static str {
    match peer {
        Side::Client => "clientAuth",
        Side::Server => "serverAuth",
    }
}

fn purposes(presented: &[ExtendedKeyPurpose]) -> String {
    if presented.is_empty() {
        return "nothing".to_owned();
    }
    let name = |purpose: &ExtendedKeyPurpose| match purpose {
        ExtendedKeyPurpose::ClientAuth => "a client".to_owned(),
        ExtendedKeyPurpose::ServerAuth => "a server".to_owned(),
        ExtendedKeyPurpose::Other(numbers) => object(numbers),
    };
    let mut names: Vec<_> = presented.iter().take(PURPOSES).map(name).collect();
    if presented.len() > PURPOSES {
        names.push("more".to_owned());
    }
    names.join(", ")
}

/// An object identifier, as in `1.3.6.1.5.5.7.3.8`.
fn object(numbers: &[usize]) -> String {
    let mut parts: Vec<_> = numbers.iter().map(usize::to_string).collect();
    if parts.len() > NUMBERS {
        parts.truncate(NUMBERS);
        parts.push("…".to_owned());
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bad input: a certificate with purposes without an end.
    #[test]
    fn what_is_printed_of_the_purposes_is_bounded() {
        let stamping = ExtendedKeyPurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 8]);
        let few = [ExtendedKeyPurpose::ServerAuth, stamping];
        assert_eq!(purposes(&few), "a server, 1.3.6.1.5.5.7.3.8");
        let many = vec![ExtendedKeyPurpose::Other(vec![7; 1000]); 1000];
        let one = "7.".repeat(NUMBERS) + "…, ";
        assert_eq!(purposes(&many), one.repeat(PURPOSES) + "more");
    }
    struct Explained(BadCertificate);

    impl fmt::Display for Explained {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.explain(Side::Server, f)
        }
    }

    #[derive(Debug)]
    struct Long;

    impl fmt::Display for Long {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&"long ".repeat(1000))
        }
    }

    impl Error for Long {}

    /// Bad input: a stranger chooses the bytes of a certificate.
    #[test]
    fn what_a_certificate_holds_does_not_make_its_refusal_long() {
        let huge = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![7; 30_000],
            supported_algorithms: Vec::new(),
        };
        let unknown = CertificateError::Other(OtherError(Arc::new(Long)));
        for (why, reason) in [
            (huge, "is signed by an algorithm that is not known here"),
            (unknown, "is not acceptable: "),
        ] {
            let text = Explained(BadCertificate::new(why)).to_string();
            assert!(text.contains(reason), "{text}");
            assert!(text.len() < 400, "{} characters", text.len());
        }
    }
}
