//! What is demanded of the other side, and what is known of it.

mod authenticator;
mod der;
mod description;
mod distinguished;
mod expected;
#[cfg(feature = "quic")]
mod overheard;
mod pin;
mod refusal;
mod time;
mod verify;
mod witness;

pub use authenticator::Authenticator;
pub(super) use authenticator::Means;
pub use description::{Description, PeerCertificates};
pub(super) use expected::Expected;
pub use expected::{ExpectedPeer, Peer, TlsKey};
#[cfg(feature = "quic")]
pub(in crate::tls) use overheard::Overheard;
#[cfg(feature = "quic")]
pub(crate) use overheard::Verdict;
pub use pin::{Pin, PinError};
pub use refusal::BadCertificate;
pub(super) use refusal::Refusal;
pub(super) use verify::{ClientVerifier, Demand, ServerVerifier};
