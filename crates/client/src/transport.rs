//! TLS settings whose errors and reports speak of identities.

use std::fmt::{self, Display as _};

use tuyau::tls;
use tuyau_wire::{Identity, SecretKey};

/// The TLS settings of the side that has this key. Errors and reports print keys as identities.
///
/// They go into [`Stack::with_settings`](tuyau::stack::Stack::with_settings).
///
/// # Errors
/// When the crypto provider refuses the key.
pub fn tls_settings(key: &SecretKey) -> Result<tls::Settings, tls::KeyError> {
    let pair = tls::KeyPair::from_pkcs8_der(&key.to_pkcs8_der())?;
    Ok(tls::Settings::new(pair).key_format(show))
}

fn show(key: &tls::PublicKey, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match Identity::from_bytes(key.0) {
        Ok(identity) => identity.fmt(f),
        Err(_) => key.fmt(f),
    }
}
