//! `tuyau key` makes and shows keys.

use std::{fs::File, io::Read as _, path::Path};

use serde::Serialize;
use tuyau_client::{FileErrorKind, identity_file, keyfile};
use tuyau_wire::Identity;

use super::CommandError;
use crate::{
    args::{KeyArgs, KeyCommand},
    output::Output,
};

#[derive(Serialize)]
struct Shown {
    identity: String,
    file: String,
    /// Whether the file holds the secret key, and not the identity alone.
    secret: bool,
}

impl Shown {
    fn new(identity: Identity, file: &Path, secret: bool) -> Self {
        Self {
            identity: identity.to_string(),
            file: file.display().to_string(),
            secret,
        }
    }
}

pub(super) fn run(args: KeyArgs) -> Result<(), CommandError> {
    match args.command {
        KeyCommand::New { out, json } => {
            let key = keyfile::create(&out)?;
            let shown = Shown::new(key.identity(), &out, true);
            let text = format!("{}\nkey file: {} (mode 0600)", shown.identity, shown.file);
            Ok(Output::new(json).either(&shown, text)?)
        }
        KeyCommand::Show { file, json } => {
            let shown = show(&file)?;
            Ok(Output::new(json).either(&shown, &shown.identity)?)
        }
    }
}

fn show(file: &Path) -> Result<Shown, CommandError> {
    let (identity, secret) = read(file)?;
    Ok(Shown::new(identity, file, secret))
}

/// The identity in a key file or an identity file.
pub(super) fn identity_in(file: &Path) -> Result<Identity, CommandError> {
    read(file).map(|(identity, _)| identity)
}

/// The identity in a file, and whether its secret key is in there. An identity file is for everyone to
/// read, which a key file must not be: so it is tried first.
fn read(file: &Path) -> Result<(Identity, bool), CommandError> {
    match identity_file::read(file) {
        Ok(identity) => return Ok((identity, false)),
        Err(error) if error.kind() == FileErrorKind::Corrupt && is_identity(file) => {
            return Err(error.into());
        }
        Err(_) => {}
    }
    Ok((keyfile::load(file)?.identity(), true))
}

/// Whether the content begins like an identity, and is meant to be one therefore.
fn is_identity(file: &Path) -> bool {
    let mut head = [0; 6];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.eq_ignore_ascii_case(b"tuyau1")
}
