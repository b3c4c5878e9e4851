//! Proving who this side is.

use std::sync::Arc;

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle},
    keys::{HashAlg, PrivateKeyWithHashAlg},
};

use super::{Kind, PrivateKey, Settings, client::Handler, settings::Agent};

/// An attempt to be let in by a server.
pub(super) struct Login<'a> {
    pub(super) session: &'a mut Handle<Handler>,
    pub(super) settings: &'a Settings,
    pub(super) user: &'a str,
    tried: Vec<String>,
    offered: MethodSet,
}

impl<'a> Login<'a> {
    /// Tries everything that the settings have, until the server is satisfied.
    pub(super) async fn perform(
        session: &'a mut Handle<Handler>,
        settings: &'a Settings,
        user: &'a str,
    ) -> Result<(), Kind> {
        let mut login = Self {
            session,
            settings,
            user,
            tried: Vec::new(),
            offered: MethodSet::empty(),
        };
        if login.run().await? {
            return Ok(());
        }
        if login.session.is_closed() && login.offered.is_empty() {
            return Err(Kind::Ended { reason: None });
        }
        let offered = login.offered.iter();
        Err(Kind::Refused {
            tried: login.tried,
            offered: offered.map(String::from).collect(),
        })
    }

    async fn run(&mut self) -> Result<bool, Kind> {
        // It tells which methods the server knows, as OpenSSH's client asks.
        let result = self.session.authenticate_none(self.user).await?;
        if self.note(result) {
            return Ok(true);
        }
        for key in &self.settings.keys {
            if self.offers(MethodKind::PublicKey) && self.try_key(key).await? {
                return Ok(true);
            }
        }
        if self.offers(MethodKind::PublicKey) && self.try_agent().await? {
            return Ok(true);
        }
        if let Some(password) = &self.settings.password
            && self.offers(MethodKind::Password)
        {
            self.tried.push("the password".to_owned());
            let tried = self.session.authenticate_password(self.user, &**password);
            let result = tried.await?;
            return Ok(self.note(result));
        }
        Ok(false)
    }

    fn offers(&self, method: MethodKind) -> bool {
        self.offered.contains(&method)
    }

    /// Whether it was a success; if not, what the server would still take is noted.
    fn note(&mut self, result: AuthResult) -> bool {
        match result {
            AuthResult::Success => true,
            AuthResult::Failure {
                remaining_methods, ..
            } => {
                // A server that closes the connection offers nothing any more, which would hide
                // what it wanted.
                if !remaining_methods.is_empty() || !self.session.is_closed() {
                    self.offered = remaining_methods;
                }
                false
            }
        }
    }

    async fn try_key(&mut self, key: &PrivateKey) -> Result<bool, Kind> {
        let (label, public) = (key.label(), key.public_key());
        let fingerprint = public.fingerprint();
        self.tried.push(format!("the key {label} ({fingerprint})"));
        let hash = match key.key.algorithm().is_rsa() {
            true => self.rsa_hash().await?,
            false => None,
        };
        let key = PrivateKeyWithHashAlg::new(Arc::clone(&key.key), hash);
        let result = self.session.authenticate_publickey(self.user, key).await?;
        Ok(self.note(result))
    }

    /// The hash for signatures by RSA keys: SHA-1 is never used.
    async fn rsa_hash(&mut self) -> Result<Option<HashAlg>, Kind> {
        let best = self.session.best_supported_rsa_hash().await?;
        Ok(Some(best.flatten().unwrap_or(HashAlg::Sha256)))
    }

    #[cfg(not(unix))]
    async fn try_agent(&mut self) -> Result<bool, Kind> {
        if !matches!(self.settings.agent, Agent::None) {
            self.tried
                .push("no agent, they are found on Unix only".to_owned());
        }
        Ok(false)
    }

    #[cfg(unix)]
    async fn try_agent(&mut self) -> Result<bool, Kind> {
        use russh::keys::agent::{AgentIdentity, client::AgentClient};

        let connected = match &self.settings.agent {
            Agent::None => return Ok(false),
            Agent::Environment => AgentClient::connect_env().await,
            Agent::Socket(path) => AgentClient::connect_uds(path).await,
        };
        let listed = match connected {
            Ok(mut agent) => agent.request_identities().await.map(|keys| (agent, keys)),
            Err(error) => Err(error),
        };
        let (mut agent, keys) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                self.tried.push(format!("no agent ({error})"));
                return Ok(false);
            }
        };
        if keys.is_empty() {
            self.tried.push("an agent without keys".to_owned());
        }
        for key in keys {
            let AgentIdentity::PublicKey { key, comment } = key else {
                continue;
            };
            if !self.offers(MethodKind::PublicKey) {
                break;
            }
            let fingerprint = key.fingerprint(HashAlg::Sha256);
            let name = format!("the agent's key {comment} ({fingerprint})");
            self.tried.push(name);
            let hash = match key.algorithm().is_rsa() {
                true => self.rsa_hash().await?,
                false => None,
            };
            let tried = self
                .session
                .authenticate_publickey_with(self.user, key, hash, &mut agent);
            match tried.await {
                Ok(result) => {
                    if self.note(result) {
                        return Ok(true);
                    }
                }
                Err(error) => self
                    .tried
                    .push(format!("which it did not sign with ({error})")),
            }
        }
        Ok(false)
    }
}
