//! Which certificate was refused.
//!
//! rustls calls a verifier on the thread that processes the peer's messages, and what goes wrong comes
//! out of that same call. An error with the certificate in it would be simpler, but the alert that the
//! peer is sent would then say less; and a verifier for each session cannot resume one of another. So
//! the verifier leaves the certificate here, and whoever turns rustls' error into ours takes it.

use std::cell::RefCell;

use rustls::pki_types::CertificateDer;

thread_local! {
    static REFUSED: RefCell<Option<CertificateDer<'static>>> = const { RefCell::new(None) };
}

/// Hands on a verdict, and keeps the certificate if it is bad.
pub(super) fn of<T>(
    certificate: &CertificateDer<'_>,
    verdict: Result<T, rustls::Error>,
) -> Result<T, rustls::Error> {
    let refused = verdict.is_err().then(|| certificate.clone().into_owned());
    REFUSED.replace(refused);
    verdict
}

/// The certificate that was refused on this thread last.
pub(super) fn take() -> Option<CertificateDer<'static>> {
    REFUSED.take()
}
