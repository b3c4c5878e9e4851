//! What a connected flow knows of itself and of its peer.

use std::fmt;

use serde::{Serialize, Serializer};
use tuyau::tls::{CertificateForm, Negotiated, PeerKey};
use tuyau_core::{AnyFlow, LocalAddress, PeerAddress};
use tuyau_wire::Identity;

/// What is known of a flow; what a layer does not know is left out.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FlowInfo {
    /// The address of the peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<String>,
    /// The address of this side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) local: Option<String>,
    /// Who the peer proved to be.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub(super) identity: Option<Identity>,
    /// The version of TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cipher_suite: Option<&'static str>,
    /// The form in which the peer presented its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_form: Option<String>,
}

impl FlowInfo {
    pub(super) fn of(flow: &AnyFlow) -> Self {
        let identity = flow.info::<PeerKey>();
        let negotiated = flow.info::<Negotiated>();
        Self {
            peer: flow.info().map(|PeerAddress(peer)| peer.to_string()),
            local: flow.info().map(|LocalAddress(local)| local.to_string()),
            identity: identity.and_then(|key| Identity::from_bytes(key.0.0).ok()),
            tls: negotiated.map(|_| "TLS 1.3"),
            cipher_suite: negotiated.and_then(|it| it.cipher_suite.as_str()),
            key_form: flow.info::<CertificateForm>().map(ToString::to_string),
        }
    }
}

/// A line for each thing that is known.
impl fmt::Display for FlowInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = self.identity.map(|identity| identity.to_string());
        let key = match (identity, &self.key_form) {
            (Some(identity), Some(form)) => Some(format!("{identity}, as {form}")),
            (identity, _) => identity,
        };
        let tls = self.tls.map(|version| match self.cipher_suite {
            Some(suite) => format!("{version}, {suite}"),
            None => version.to_owned(),
        });
        let lines = [
            ("peer", self.peer.clone()),
            ("local", self.local.clone()),
            ("key", key),
            ("tls", tls),
        ];
        let known = lines
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (index, (name, value)) in known.enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}  {name:<6} {value}")?;
        }
        Ok(())
    }
}

fn as_text<S: Serializer>(identity: &Option<Identity>, serializer: S) -> Result<S::Ok, S::Error> {
    match identity {
        Some(identity) => serializer.collect_str(identity),
        None => serializer.serialize_none(),
    }
}
