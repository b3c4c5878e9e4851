//! What a certificate says, for people.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use rustls::pki_types::CertificateDer;

use super::{
    Pin,
    der::{Der, tag},
    distinguished::{distinguished_name, printable},
    pin::sha256,
    time::Moment,
};

/// How many names of a certificate are printed.
const NAMES: usize = 8;

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
    is_self_issued: bool,
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
        let issuer = to_be_signed.expect(tag::SEQUENCE)?;
        let mut validity = Der(to_be_signed.expect(tag::SEQUENCE)?);
        let mut moment = || {
            validity
                .element()
                .and_then(|(tag, text)| Moment::read(tag, text))
        };
        let (not_before, not_after) = (moment()?, moment()?);
        let subject = to_be_signed.expect(tag::SEQUENCE)?;
        let before_key = to_be_signed.0;
        to_be_signed.expect(tag::SEQUENCE)?;
        let spki = &before_key[..before_key.len() - to_be_signed.0.len()];
        let extensions = to_be_signed.find(|(tag, _)| *tag == tag::EXTENSIONS);
        Some(Self {
            subject: distinguished_name(subject),
            issuer: distinguished_name(issuer),
            is_self_issued: subject == issuer,
            names: alternative_names(extensions.map_or(&[], |(_, content)| content)),
            not_before,
            not_after,
            fingerprint: sha256(der),
            pin: Pin::of_spki_der(spki),
        })
    }

    /// Whose certificate it is, as in `CN=example.org, O=Example`: at most eight attributes, in the order
    /// of the certificate, and escaped as RFC 4514, section 2.4, has it. `…` stands for what is left out:
    /// further attributes, and what is longer than 128 bytes in one of them.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who made it, in the same form.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The DNS names and IP addresses that it is for; what is no letter, digit or sign of such a name is
    /// escaped in the same way.
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
        self.is_self_issued
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
