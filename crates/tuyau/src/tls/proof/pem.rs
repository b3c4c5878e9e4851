//! PEM files, read so that an error tells the file and the line.

use std::{fmt, fs, io, path::Path};

use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer,
        pem::{PemObject, SectionKind},
    },
};
use zeroize::Zeroizing;

use crate::tls::{SetupError, SetupErrorKind};

/// Certificates and keys are small; a file that is larger than this is something else.
const MOST: u64 = 8 * 1024 * 1024;

/// A section of a PEM file, and the line at which it begins, from 1.
pub(super) struct Section {
    pub(super) kind: SectionKind,
    pub(super) der: Zeroizing<Vec<u8>>,
    pub(super) line: usize,
}

/// Reads a file whole; `kind` is what a failure is about.
pub(in crate::tls) fn read(
    path: &Path,
    kind: SetupErrorKind,
) -> Result<Zeroizing<Vec<u8>>, SetupError> {
    let fail = |error: io::Error| SetupError::new(kind, error).at(path.display());
    let length = fs::metadata(path).map_err(fail)?.len();
    if length > MOST {
        return Err(SetupError::new(kind, Fault::TooLarge).at(path.display()));
    }
    fs::read(path).map(Zeroizing::new).map_err(fail)
}

/// The sections of a PEM text, in its order.
pub(super) fn sections(pem: &[u8], kind: SetupErrorKind) -> Result<Vec<Section>, SetupError> {
    let starts: Vec<usize> = line_starts(pem)
        .filter(|&start| pem[start..].starts_with(b"-----BEGIN "))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([pem.len()]);
    let mut found = Vec::new();
    for (&start, end) in starts.iter().zip(ends) {
        let line = 1 + pem[..start].iter().filter(|&&byte| byte == b'\n').count();
        let section = <(SectionKind, Vec<u8>)>::from_pem_slice(&pem[start..end]);
        match section {
            Ok((kind, der)) => found.push(Section {
                kind,
                der: Zeroizing::new(der),
                line,
            }),
            // A kind of section that means nothing to TLS, such as parameters.
            Err(rustls::pki_types::pem::Error::NoItemsFound) => {}
            Err(error) => return Err(SetupError::new(kind, error).at(Line(line))),
        }
    }
    Ok(found)
}

fn line_starts(text: &[u8]) -> impl Iterator<Item = usize> {
    let after = |(index, &byte): (usize, &u8)| (byte == b'\n').then_some(index + 1);
    [0].into_iter()
        .chain(text.iter().enumerate().filter_map(after))
}

/// The certificates of a PEM text, each with its line, at least one.
fn located(
    pem: &[u8],
    kind: SetupErrorKind,
) -> Result<Vec<(usize, CertificateDer<'static>)>, SetupError> {
    let found: Vec<_> = sections(pem, kind)?
        .into_iter()
        .filter(|section| section.kind == SectionKind::Certificate)
        .map(|section| (section.line, CertificateDer::from(section.der.to_vec())))
        .collect();
    if found.is_empty() {
        return Err(SetupError::new(kind, Fault::NoCertificate));
    }
    Ok(found)
}

/// The certificates of a PEM text, at least one.
pub(in crate::tls) fn certificates(
    pem: &[u8],
    kind: SetupErrorKind,
) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let found = located(pem, kind)?;
    Ok(found.into_iter().map(|(_, der)| der).collect())
}

/// The certificates of authorities in a PEM text, at least one.
pub(in crate::tls) fn roots(pem: &[u8]) -> Result<RootCertStore, SetupError> {
    let kind = SetupErrorKind::Roots;
    let mut store = RootCertStore::empty();
    for (line, root) in located(pem, kind)? {
        let added = store.add(root);
        added.map_err(|error| SetupError::new(kind, error).at(Line(line)))?;
    }
    Ok(store)
}

/// A place in a PEM text.
pub(super) struct Line(pub(super) usize);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0)
    }
}

/// What is wrong with a PEM text as a whole.
#[derive(Debug)]
pub(super) enum Fault {
    NoCertificate,
    NoKey,
    SeveralKeys,
    Encrypted,
    TooLarge,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCertificate => "there is no `-----BEGIN CERTIFICATE-----` in it",
            Self::NoKey => "there is no `-----BEGIN PRIVATE KEY-----` in it",
            Self::SeveralKeys => "there is more than one private key in it",
            Self::Encrypted => {
                "the private key is encrypted; decrypt it with `openssl pkey -in KEY -out PLAIN`"
            }
            Self::TooLarge => "it is larger than 8 MiB",
        })
    }
}

impl std::error::Error for Fault {}
