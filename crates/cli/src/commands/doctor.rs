//! `tuyau doctor` finds out, step by step, why a router does not answer.

mod advice;
mod examine;
mod report;

use std::time::Duration;

use tuyau::{
    mem::Hub,
    stack::Stack,
    tls::{Authenticator, CertificateForm},
};
use tuyau_client::{HANDSHAKE_DEADLINE, keyfile};
use tuyau_wire::SecretKey;

use super::{CommandError, CommandErrorKind, expected_identity, new_key, small_runtime};
use crate::{args::DoctorArgs, output::Output};
use examine::examine;

/// What an examination works with.
struct Instruments {
    key: SecretKey,
    /// Dials with a raw public key, as services and routers do.
    raw: Stack,
    /// Dials with a certificate, for servers that know nothing else.
    x509: Stack,
    /// The time for each of: resolving, connecting with TLS, the hello, the request.
    deadline: Duration,
}

impl Instruments {
    fn new(key: SecretKey, hub: Hub) -> Result<Self, CommandError> {
        // Whoever answers is to be named, not refused; the key is compared afterwards.
        let settings =
            tuyau_client::tls_settings(&key)?.authenticator(Authenticator::danger_accept_anyone());
        let x509 = settings.clone().form(CertificateForm::X509);
        Ok(Self {
            key,
            raw: Stack::with_settings(settings, hub.clone())?,
            x509: Stack::with_settings(x509, hub)?,
            deadline: HANDSHAKE_DEADLINE,
        })
    }
}

pub(super) fn run(args: DoctorArgs) -> Result<(), CommandError> {
    let expected = expected_identity(args.identity.as_deref(), args.identity_file.as_deref())?;
    let key = match &args.key {
        Some(file) => keyfile::load(file)?,
        None => new_key()?,
    };
    let report = small_runtime()?.block_on(async {
        let instruments = Instruments::new(key, Hub::new())?;
        Ok::<_, CommandError>(examine(&instruments, &args.address, expected).await)
    })?;
    Output::new(args.json).either(&report, &report)?;
    match report.is_ok() {
        true => Ok(()),
        false => Err(CommandError::new(CommandErrorKind::Found)),
    }
}

#[cfg(test)]
mod tests;
