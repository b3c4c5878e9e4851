//! How SSH connects: whom it trusts, and what it proves.

use std::{fmt, path::PathBuf, sync::Arc};

use super::{Connector, Forwarder, PrivateKey};

/// The settings of the dialling side. Nothing is trusted and nothing is proved unless it is said.
#[derive(Clone, Default)]
pub struct Settings {
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) accept_new: bool,
    pub(super) any_host_key: bool,
    pub(super) keys: Vec<PrivateKey>,
    pub(super) agent: Agent,
    pub(super) password: Option<Arc<str>>,
}

/// Where an agent is.
#[derive(Clone, Debug, Default)]
pub(super) enum Agent {
    #[default]
    None,
    Environment,
    Socket(PathBuf),
}

impl Settings {
    /// Settings that trust no host and have no key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the host keys in this file, beside those of the files that were added before. It is
    /// read at each connect; a file that does not exist trusts nobody.
    pub fn known_hosts_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.known_hosts.push(path.into());
        self
    }

    /// Trusts a host on first use, and adds its key to the first `known_hosts` file; without such a file
    /// it changes nothing. A key that changed is refused all the same, and so is one of another kind
    /// than the host is known by. What connects so is at most
    /// [`Security::Encrypted`](tuyau_core::Security::Encrypted).
    pub fn accept_new_hosts(mut self) -> Self {
        self.accept_new = true;
        self
    }

    /// Believes any server that it is the right one: anybody on the way can read and change
    /// everything, and use a forwarded agent or a password. For tests.
    pub fn danger_accept_any_host_key(mut self) -> Self {
        self.any_host_key = true;
        self
    }

    /// Proves itself with this key, after those that were added before.
    pub fn key(mut self, key: PrivateKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Proves itself with the keys of the agent that `SSH_AUTH_SOCK` names, after the keys that were
    /// given. Agents are found on Unix only.
    pub fn agent_of_environment(mut self) -> Self {
        self.agent = Agent::Environment;
        self
    }

    /// Proves itself with the keys of the agent that listens at this socket, after the keys that
    /// were given. Agents are found on Unix only.
    pub fn agent(mut self, socket: impl Into<PathBuf>) -> Self {
        self.agent = Agent::Socket(socket.into());
        self
    }

    /// Proves itself with a password, after all keys.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// SSH as a layer with these settings, for what runs on the server.
    pub fn connector(self) -> Connector {
        Connector::new(self)
    }

    /// SSH as a layer with these settings, for what the server connects to beyond itself.
    pub fn forwarder(self) -> Forwarder {
        Forwarder::new(self.connector())
    }
}

/// Without secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("known_hosts", &self.known_hosts)
            .field("accept_new", &self.accept_new)
            .field("any_host_key", &self.any_host_key)
            .field("keys", &self.keys)
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}
