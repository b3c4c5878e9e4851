//! Files with a grant in them: the signed statement as it goes over the wire.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use minicbor::{Decoder, Encoder};
use tuyau_core::BoxError;
use tuyau_wire::{Grant, Signed, cbor};

/// A grant is less than this, in bytes; a file with more is none.
const LONGEST: usize = 4_096;

/// Why a grant cannot be read or written.
#[derive(Debug)]
pub(in crate::commands) struct GrantFileError {
    path: PathBuf,
    what: What,
    source: Option<BoxError>,
}

#[derive(Debug)]
enum What {
    Unreadable,
    Unwritable,
    /// It is not a grant.
    Other,
}

/// The bytes of a file with this grant.
pub(super) fn encode(grant: &Signed<Grant>) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    let written = encoder
        .array(2)
        .and_then(|encoder| encoder.bytes(grant.bytes()))
        .and_then(|encoder| encoder.bytes(grant.signature()));
    if let Err(error) = written {
        unreachable!("encoding into memory failed: {error}");
    }
    encoder.into_writer()
}

/// Reads a grant. Whether it counts is for the router to say.
pub(in crate::commands) fn load(path: &Path) -> Result<Signed<Grant>, GrantFileError> {
    let error = |what, source| GrantFileError {
        path: path.to_owned(),
        what,
        source: Some(source),
    };
    let bytes = fs::read(path).map_err(|source| error(What::Unreadable, source.into()))?;
    decode(&bytes).map_err(|source| error(What::Other, source))
}

fn decode(bytes: &[u8]) -> Result<Signed<Grant>, BoxError> {
    if bytes.len() > LONGEST {
        return Err(format!("expected at most {LONGEST} bytes, found {}", bytes.len()).into());
    }
    cbor::check(bytes)?;
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(2) {
        return Err("expected a statement and its signature".into());
    }
    let (statement, signature) = (decoder.bytes()?, decoder.bytes()?);
    let signature = signature
        .try_into()
        .map_err(|_| "expected a signature of 64 bytes")?;
    Ok(Signed::from_parts(statement, signature)?)
}

impl GrantFileError {
    pub(super) fn unwritable(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            what: What::Unwritable,
            source: Some(source.into()),
        }
    }
}

impl fmt::Display for GrantFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.what {
            What::Unreadable => write!(
                f,
                "grant {path}: it cannot be read; name a file that `tuyau group grant` wrote"
            ),
            What::Unwritable => write!(
                f,
                "grant {path}: it cannot be written; name another place, or let this user write there"
            ),
            What::Other => write!(
                f,
                "grant {path}: that is no grant; name a file that `tuyau group grant` wrote"
            ),
        }
    }
}

impl Error for GrantFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tuyau_client::GroupKey;
    use tuyau_core::Chain;
    use tuyau_wire::{Rights, SecretKey};

    use super::*;

    #[test]
    fn a_grant_is_read_as_it_was_written_and_anything_else_is_refused() {
        let key = |seed| SecretKey::from_seed([seed; 32]);
        let group = GroupKey::new(key(1));
        let time = Duration::from_secs(60);
        let grant = group.grant(key(2).identity(), Rights::Publish, time);
        let bytes = encode(&grant);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.grant");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(load(&path).unwrap(), grant);
        assert!(load(&path).unwrap().verify().is_ok());
        for bad in [
            &bytes[..bytes.len() - 1],
            &[&bytes[..], &[0]].concat(),
            b"hello",
            b"",
            &[0x82, 0x41, 0, 0x41, 0],
            &[0; 5_000],
        ] {
            fs::write(&path, bad).unwrap();
            let error = Chain(&load(&path).unwrap_err()).to_string();
            assert!(error.contains("a.grant: that is no grant"), "{error}");
        }
        let missing = load(&directory.path().join("b.grant")).unwrap_err();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
    }
}
