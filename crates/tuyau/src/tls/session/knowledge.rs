//! What a handshake makes known.

use std::any::{Any, TypeId};

use rustls::{CipherSuite, Connection, HandshakeKind, ProtocolVersion, pki_types::CertificateDer};

use crate::tls::{CertificateForm, Kind, PeerCertificates, PublicKey, proof::spki_of};

/// Information of a flow: the Ed25519 key that the peer proved to hold. A peer with another kind of
/// key, or none, has none; see [`PeerCertificates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerKey(pub PublicKey);

/// Information of a flow: what the handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The protocol version.
    pub version: ProtocolVersion,
    /// The cipher suite; none over QUIC, which does not tell.
    pub cipher_suite: Option<CipherSuite>,
    /// The application protocol (ALPN), when both sides named it.
    pub alpn: Option<Box<[u8]>>,
    /// Whether an earlier session was resumed by a ticket. The peer's key and certificates are then
    /// those that it proved in the earlier one.
    pub resumed: bool,
}

impl Negotiated {
    fn of(session: &Connection) -> Self {
        Self {
            version: session
                .protocol_version()
                .unwrap_or(ProtocolVersion::TLSv1_3),
            cipher_suite: session.negotiated_cipher_suite().map(|it| it.suite()),
            alpn: session.alpn_protocol().map(Into::into),
            resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }
}

/// What is known of the peer and of the connection.
#[derive(Clone, Debug)]
pub(crate) struct Knowledge {
    pub(crate) key: Option<PeerKey>,
    pub(crate) form: Option<CertificateForm>,
    pub(crate) certificates: Option<PeerCertificates>,
    pub(crate) negotiated: Negotiated,
}

impl Knowledge {
    pub(super) fn of(session: &Connection) -> Result<Self, Kind> {
        let presented = session.peer_certificates().unwrap_or_default();
        Self::new(presented, Negotiated::of(session))
    }

    /// From what the peer presented, its own certificate or raw key first.
    pub(super) fn new(
        presented: &[CertificateDer<'static>],
        negotiated: Negotiated,
    ) -> Result<Self, Kind> {
        let Some(first) = presented.first() else {
            return Ok(Self {
                key: None,
                form: None,
                certificates: None,
                negotiated,
            });
        };
        let (form, key) = form_and_key(first)?;
        let certificates =
            (form == CertificateForm::X509).then(|| PeerCertificates(presented.into()));
        Ok(Self {
            key: key.map(PeerKey),
            form: Some(form),
            certificates,
            negotiated,
        })
    }

    pub(crate) fn info(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerKey>() {
            self.key.as_ref().map(|it| it as &dyn Any)
        } else if want == TypeId::of::<CertificateForm>() {
            self.form.as_ref().map(|it| it as &dyn Any)
        } else if want == TypeId::of::<PeerCertificates>() {
            self.certificates.as_ref().map(|it| it as &dyn Any)
        } else if want == TypeId::of::<Negotiated>() {
            Some(&self.negotiated)
        } else {
            None
        }
    }
}

/// The form in which a peer presented its key, and the key if it is one of Ed25519.
fn form_and_key(
    presented: &CertificateDer<'_>,
) -> Result<(CertificateForm, Option<PublicKey>), Kind> {
    use CertificateForm::{RawKey, X509};
    // The usual case, for which nothing need be parsed.
    if let Some(key) = PublicKey::from_spki_der(presented) {
        return Ok((RawKey, Some(key)));
    }
    // A raw key is no certificate, so that only one of the two can be read.
    let (form, spki) = match spki_of(presented, X509) {
        Ok(spki) => (X509, spki),
        Err(_) => (RawKey, spki_of(presented, RawKey)?),
    };
    Ok((form, PublicKey::from_spki_der(&spki)))
}
