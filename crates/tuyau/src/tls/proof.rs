//! What this side proves to be.

mod authority;
mod credentials;
mod form;
mod key;
mod pem;

pub use authority::Authority;
pub use credentials::Credentials;
pub use form::CertificateForm;
pub(super) use form::{raw, self_signed, spki_of};
pub use key::{KeyError, KeyFormat, KeyPair, PublicKey};
pub(super) use pem::{certificates, read, roots};
