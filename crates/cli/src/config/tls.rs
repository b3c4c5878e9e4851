//! The files of the mode in which an authority signs every certificate.

use std::path::PathBuf;

use super::error::ConfigErrorKind;
use super::notes::Notes;
use super::problem::Problem;
use super::section::Section;

/// Certificates signed by an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authority's certificates, PEM.
    pub ca_file: PathBuf,
    /// The certificate to show, PEM.
    pub certificate_file: PathBuf,
}

impl TlsFiles {
    /// Both files or none; the outer `None` after an error.
    pub(crate) fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Option<Self>> {
        let ca_file = section.path("ca_file", notes);
        let certificate_file = section.path("certificate_file", notes);
        let (given, missing) = match (ca_file?, certificate_file?) {
            (None, None) => return Some(None),
            (Some(ca_file), Some(certificate_file)) => {
                return Some(Some(Self {
                    ca_file,
                    certificate_file,
                }));
            }
            (Some(_), None) => ("ca_file", "certificate_file"),
            (None, Some(_)) => ("certificate_file", "ca_file"),
        };
        let message = format!(
            "`{given}` is given without `{missing}`: with an authority both are needed, without \
             one leave out both"
        );
        notes.note(
            Problem::new(ConfigErrorKind::Missing, message),
            &section.place(given),
        );
        None
    }
}
