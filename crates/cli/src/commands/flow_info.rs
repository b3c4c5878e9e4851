//! What a connected flow knows of itself and of its peer.

use std::fmt;

use serde::{Serialize, Serializer};
use tuyau::tls::{CertificateForm, Negotiated, PeerCertificates, PeerKey};
use tuyau_core::{AnyFlow, LocalAddress, PeerAddress};
use tuyau_wire::Identity;

use crate::printable::{one_line, printable};

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
    pub(super) tls: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cipher_suite: Option<&'static str>,
    /// The application protocol that both sides named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alpn: Option<String>,
    /// The form in which the peer presented its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_form: Option<String>,
    /// The subject of the peer's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
}

impl FlowInfo {
    pub(super) fn of(flow: &AnyFlow) -> Self {
        let identity = flow.info::<PeerKey>();
        let negotiated = flow.info::<Negotiated>();
        let description = flow.info::<PeerCertificates>();
        let description = description.and_then(PeerCertificates::describe);
        Self {
            peer: flow.info().map(|PeerAddress(peer)| peer.to_string()),
            local: flow.info().map(|LocalAddress(local)| local.to_string()),
            identity: identity.and_then(|key| Identity::from_bytes(key.0.0).ok()),
            tls: negotiated.map(version),
            alpn: negotiated.and_then(|it| it.alpn.as_deref()).map(printable),
            cipher_suite: negotiated.and_then(|it| it.cipher_suite?.as_str()),
            key_form: flow.info::<CertificateForm>().map(ToString::to_string),
            certificate: description.as_ref().map(|it| one_line(it.subject())),
            issuer: description.as_ref().map(|it| one_line(it.issuer())),
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
        let tls = self.tls.as_ref().map(|version| match self.cipher_suite {
            Some(suite) => format!("{version}, {suite}"),
            None => version.clone(),
        });
        let certificate = match (&self.certificate, &self.issuer) {
            (Some(subject), Some(issuer)) => Some(format!("{subject}, made by {issuer}")),
            _ => None,
        };
        let lines = [
            ("peer", self.peer.clone()),
            ("local", self.local.clone()),
            ("key", key),
            ("tls", tls),
            ("alpn", self.alpn.clone()),
            ("cert", certificate),
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

/// The version, as people write it.
fn version(negotiated: &Negotiated) -> String {
    let name = negotiated.version.as_str().unwrap_or("TLS");
    name.replace("TLSv", "TLS ").replace('_', ".")
}

fn as_text<S: Serializer>(identity: &Option<Identity>, serializer: S) -> Result<S::Ok, S::Error> {
    match identity {
        Some(identity) => serializer.collect_str(identity),
        None => serializer.serialize_none(),
    }
}
