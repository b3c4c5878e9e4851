//! What a handshake agreed on.

/// Information of a flow: what the client asked for and the server agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    pub(super) host: Box<str>,
    pub(super) path: Box<str>,
    pub(super) origin: Option<Box<str>>,
    pub(super) subprotocol: Option<Box<str>>,
}

impl Upgrade {
    /// The host that the client named, with the port if it named one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path that the client asked for, with the query if it had one.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The origin of the page whose script connected; browsers always say it (RFC 6455, section 10.2).
    /// A server knows it, a client does not.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The subprotocol that both agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }
}
