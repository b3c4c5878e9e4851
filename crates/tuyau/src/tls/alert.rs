//! Alerts that a peer sends.

use std::fmt;

use rustls::AlertDescription;

/// An alert that the peer sent (RFC 8446, section 6). It prints as its name in the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub(super) AlertDescription);

impl Alert {
    /// Its number in the standard.
    pub fn number(self) -> u8 {
        self.0.into()
    }

    /// What such an alert commonly means, and what to do about it.
    pub fn hint(self) -> &'static str {
        use AlertDescription as A;
        match self.0 {
            A::CertificateRequired => "it wants a certificate, give this side a key pair",
            A::UnknownCA => {
                "our certificate does not chain to an authority that it trusts, \
                 check the roots on its side and the chain on ours"
            }
            A::BadCertificate | A::UnsupportedCertificate | A::CertificateUnknown => {
                "it does not accept our key or certificate, \
                 check which identity it expects and which authority it trusts"
            }
            A::AccessDenied => "it does not let our key in, check its access policy",
            A::CertificateExpired => "our certificate has expired, or the clocks differ",
            A::ProtocolVersion => "it does not speak TLS 1.3, update it",
            A::HandshakeFailure => {
                "it has nothing in common with us, perhaps no Ed25519 keys or no raw public keys"
            }
            A::DecodeError | A::UnexpectedMessage | A::IllegalParameter => {
                "it did not understand us, perhaps something between the two changes the bytes"
            }
            A::UnrecognisedName => "it does not serve that name, check the address",
            A::NoApplicationProtocol => "it serves another application protocol, check the port",
            A::InternalError => "something failed on its side, look at its log",
            _ => "look at its log",
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let camel = format!("{:?}", self.0);
        let mut before = 'A';
        for letter in camel.chars() {
            if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
                f.write_str("_")?;
            }
            write!(f, "{}", letter.to_ascii_lowercase())?;
            before = letter;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_name_in_the_standard() {
        let name = |alert| Alert(alert).to_string();
        assert_eq!(
            name(AlertDescription::CertificateRequired),
            "certificate_required"
        );
        assert_eq!(name(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(Alert(AlertDescription::BadRecordMac).number(), 20);
    }
}
