//! What a certificate says, for people.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use rustls::pki_types::CertificateDer;

use super::{
    Pin,
    der::{Der, tag},
    pin::sha256,
    time::Moment,
};

/// How many names of a certificate are printed.
const NAMES: usize = 8;

/// How many bytes of a name are printed.
const LONGEST: usize = 128;

/// Information of a flow: the X.509 certificates that the peer presented, its own one first. A peer
/// that proved a raw public key, or nothing, has none.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificates(pub(in crate::tls) Box<[CertificateDer<'static>]>);

impl PeerCertificates {
    /// The certificates in DER, the peer's own one first.
    pub fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|it| &**it)
    }

    /// What the peer's own certificate says.
    pub fn describe(&self) -> Option<Description> {
        Description::read(self.der().next()?)
    }
}

impl fmt::Debug for PeerCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PeerCertificates")
            .field(&self.0.len())
            .finish()
    }
}

/// What an X.509 certificate says (RFC 5280), for people to read; it prints in one line.
///
/// Nothing should be decided by it: that is what an [`Authenticator`](super::Authenticator) does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    subject: Box<str>,
    issuer: Box<str>,
    names: Box<[Box<str>]>,
    not_before: Moment,
    not_after: Moment,
    fingerprint: [u8; 32],
    pin: Pin,
}

impl Description {
    /// Reads a certificate in DER; none when it is not one.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).expect(tag::SEQUENCE)?);
        let mut to_be_signed = Der(certificate.expect(tag::SEQUENCE)?);
        to_be_signed.optional(tag::VERSION);
        let (_serial, _algorithm) = (to_be_signed.element()?, to_be_signed.expect(tag::SEQUENCE)?);
        let issuer = distinguished_name(to_be_signed.expect(tag::SEQUENCE)?);
        let mut validity = Der(to_be_signed.expect(tag::SEQUENCE)?);
        let mut moment = || {
            validity
                .element()
                .and_then(|(tag, text)| Moment::read(tag, text))
        };
        let (not_before, not_after) = (moment()?, moment()?);
        let subject = distinguished_name(to_be_signed.expect(tag::SEQUENCE)?);
        let before_key = to_be_signed.0;
        to_be_signed.expect(tag::SEQUENCE)?;
        let spki = &before_key[..before_key.len() - to_be_signed.0.len()];
        let extensions = to_be_signed.find(|(tag, _)| *tag == tag::EXTENSIONS);
        Some(Self {
            subject,
            issuer,
            names: alternative_names(extensions.map_or(&[], |(_, content)| content)),
            not_before,
            not_after,
            fingerprint: sha256(der),
            pin: Pin::of_spki_der(spki),
        })
    }

    /// Whose certificate it is, as in `CN=example.org, O=Example`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who made it, in the same form.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The DNS names and IP addresses that it is for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|it| &**it)
    }

    /// When it begins and when it ends to be valid, both included, in seconds since 1970.
    pub fn validity(&self) -> (i64, i64) {
        (self.not_before.0, self.not_after.0)
    }

    /// The SHA-256 of the certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// The pin of its key.
    pub fn pin(&self) -> Pin {
        self.pin
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// The names, as a sentence takes them.
    pub(super) fn listed_names(&self) -> impl fmt::Display {
        if self.names.is_empty() {
            return "no name at all".to_owned();
        }
        let mut text = self.names[..self.names.len().min(NAMES)].join(", ");
        if self.names.len() > NAMES {
            text += &format!(" and {} more", self.names.len() - NAMES);
        }
        text
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "subject \"{}\", for {}, issued by \"{}\", valid from {} to {}, SHA-256 ",
            self.subject,
            self.listed_names(),
            self.issuer,
            self.not_before,
            self.not_after,
        )?;
        let mut digits = self.fingerprint.iter();
        digits.try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The attributes of a name that people know, after the names that RFC 4514, section 3, gives them.
fn distinguished_name(sequence: &[u8]) -> Box<str> {
    let mut parts = Vec::new();
    for (_, set) in Der(sequence).filter(|(tag, _)| *tag == tag::SET) {
        for (_, attribute) in Der(set) {
            let mut attribute = Der(attribute);
            let kind = match attribute.expect(tag::OBJECT) {
                Some([0x55, 4, 3]) => "CN",
                Some([0x55, 4, 6]) => "C",
                Some([0x55, 4, 7]) => "L",
                Some([0x55, 4, 8]) => "ST",
                Some([0x55, 4, 10]) => "O",
                Some([0x55, 4, 11]) => "OU",
                _ => continue,
            };
            if let Some((_, value)) = attribute.element() {
                parts.push(format!("{kind}={}", printable(value)));
            }
        }
    }
    parts.join(", ").into()
}

/// The names in the extension `subjectAltName` (RFC 5280, section 4.2.1.6).
fn alternative_names(extensions: &[u8]) -> Box<[Box<str>]> {
    const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
    let list = Der(extensions).next().map_or(&[][..], |(_, list)| list);
    let content = Der(list).find_map(|(_, extension)| {
        let mut extension = Der(extension);
        let found = extension.expect(tag::OBJECT)? == SUBJECT_ALT_NAME;
        // The flag `critical` may stand between.
        let content = extension.find(|(tag, _)| *tag == tag::OCTETS)?.1;
        found.then_some(content)
    });
    let names = Der(content.unwrap_or_default()).next();
    let names = names.map_or(&[][..], |(_, names)| names);
    Der(names)
        .filter_map(|(tag, name)| general_name(tag, name))
        .collect()
}

fn general_name(tag: u8, name: &[u8]) -> Option<Box<str>> {
    match tag {
        tag::DNS => Some(printable(name).into()),
        tag::IP => match name.len() {
            4 => Some(
                Ipv4Addr::from(<[u8; 4]>::try_from(name).ok()?)
                    .to_string()
                    .into(),
            ),
            16 => Some(
                Ipv6Addr::from(<[u8; 16]>::try_from(name).ok()?)
                    .to_string()
                    .into(),
            ),
            _ => None,
        },
        _ => None,
    }
}

/// A text of the peer's choice, made harmless.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    text.escape_debug().to_string()
}
