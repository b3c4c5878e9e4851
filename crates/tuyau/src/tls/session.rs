//! Connections: made, used and ended.

mod acceptor;
mod connector;
mod farewell;
mod flow;
mod handshake;
mod input;
mod knowledge;
mod plain_text;
#[cfg(feature = "quic")]
mod quic;
mod source;
mod transport;

pub use acceptor::Acceptor;
pub(super) use acceptor::Configs;
pub use connector::Connector;
pub(super) use farewell::Patience;
pub use flow::Flow;
#[cfg(feature = "quic")]
pub(crate) use knowledge::Knowledge;
pub use knowledge::{Negotiated, PeerKey};
pub use plain_text::PlainText;
#[cfg(feature = "quic")]
pub(crate) use quic::Prepared;
