//! The stack with which a command dials and listens.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use tuyau::{mem::Hub, stack::Stack, tls};
use tuyau_wire::SecretKey;

use super::{CommandError, CommandErrorKind};
use crate::config::TlsFiles;

/// What this program says of itself in a hello.
pub(super) const AGENT: &str = concat!("tuyau/", env!("CARGO_PKG_VERSION"));

/// The stack of the side that has this key, under an authority where the configuration has one.
pub(super) fn stack(key: &SecretKey, files: Option<&TlsFiles>) -> Result<Stack, CommandError> {
    let mut settings = tuyau_client::tls_settings(key)?;
    if let Some(files) = files {
        settings = settings.authority(authority(files)?);
    }
    Ok(Stack::with_settings(settings, Hub::new())?)
}

/// The authority that a configuration names.
pub(super) fn authority(files: &TlsFiles) -> Result<tls::Authority, CommandError> {
    let chain = read(&files.certificate_file)?;
    let roots = read(&files.ca_file)?;
    Ok(tls::Authority::from_pem(&chain, &roots)?)
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    fs::read(path).map_err(|error| {
        let path = path.to_owned();
        CommandError::caused(CommandErrorKind::Tls, CertificateFile { path, error })
    })
}

/// A certificate file that cannot be read.
#[derive(Debug)]
struct CertificateFile {
    path: PathBuf,
    error: io::Error,
}

impl fmt::Display for CertificateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let found = match self.error.kind() {
            io::ErrorKind::NotFound => "there is no such file",
            _ => "this user cannot read it",
        };
        write!(
            f,
            "certificate file {path}: {found}; check `tls` in the configuration"
        )
    }
}

impl Error for CertificateFile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
