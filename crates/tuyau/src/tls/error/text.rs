//! What the errors of TLS say.

use std::fmt;

use rustls::PeerIncompatible;

use super::{Dealings, Error, Inner, Kind, Scene, Side};
use crate::tls::{KeyFormat, PublicKey};

/// Prints a key as the application wants it.
struct Shown<'a>(&'a PublicKey, KeyFormat);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.1)(self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, scene } = &*self.0;
        match kind {
            Kind::PlainText(_) | Kind::VersionTooOld | Kind::Incompatible(_) | Kind::Other(_) => {
                about_protocol(kind, *scene, f)
            }
            Kind::PeerAlert(_) | Kind::Truncated | Kind::Io(_) => about_ends(kind, scene.peer, f),
            _ => about_keys(kind, *scene, f),
        }
    }
}

/// What the peer speaks.
fn about_protocol(kind: &Kind, scene: Scene, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let peer = scene.peer;
    match kind {
        Kind::PlainText(text) => {
            let remedy = match peer {
                Side::Client => "let it connect with TLS",
                Side::Server => "check the address and the port",
            };
            write!(f, "expected TLS, but the {peer} sent {text}; {remedy}")
        }
        Kind::VersionTooOld => {
            let remedy = match scene.dealings {
                Dealings::Identities => "update its TLS library",
                Dealings::Certificates => "update its TLS library, or allow TLS 1.2 on this side",
            };
            write!(
                f,
                "the {peer} does not speak TLS 1.3, which is required; {remedy}"
            )
        }
        Kind::Incompatible(PeerIncompatible::IncorrectCertificateTypeExtension) => write!(
            f,
            "the {peer} does not take this form of key; try the other one, raw key or X.509"
        ),
        Kind::Incompatible(_) => write!(
            f,
            "the {peer}'s TLS has nothing in common with this one; update it"
        ),
        _ => write!(f, "the {peer} broke the rules of TLS"),
    }
}

/// How the connection ended.
fn about_ends(kind: &Kind, peer: Side, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match kind {
        Kind::PeerAlert(alert) => {
            let hint = alert.hint();
            write!(f, "the {peer} refused with the alert {alert}: {hint}")
        }
        Kind::Truncated => write!(
            f,
            "the {peer} ended the stream without saying so (no close_notify); \
             it stopped, or the connection was cut"
        ),
        _ => write!(f, "the connection to the {peer} failed"),
    }
}

/// What the peer proved.
fn about_keys(kind: &Kind, scene: Scene, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Scene { peer, format, .. } = scene;
    match kind {
        Kind::WrongKey { expected, found } => wrong_key(
            peer,
            &Shown(found, format),
            &Shown(expected, format),
            "identity",
            f,
        ),
        Kind::WrongPin { expected, found } => wrong_key(peer, found, expected, "pin", f),
        Kind::UnsupportedKey => write!(
            f,
            "the {peer}'s key is not a sound Ed25519 key, which is required; \
             make it one, for example with `openssl genpkey -algorithm ed25519`"
        ),
        Kind::BadCertificate(bad) => bad.explain(peer, f),
        Kind::BadName(host) => {
            let shown: String = host.chars().take(80).collect();
            write!(
                f,
                "no certificate can be for {shown:?}; expected an IP address or a DNS name, whose labels \
                 are 1 to 63 letters, digits, `-` and `_`, or else the key to expect (a pin)"
            )
        }
        Kind::NoCertificate => match scene.dealings {
            Dealings::Identities => write!(
                f,
                "the {peer} presented no certificate; it must prove an Ed25519 key, give it a key pair"
            ),
            Dealings::Certificates => write!(
                f,
                "the {peer} presented no certificate; give it one, with its private key"
            ),
        },
        _ => match scene.dealings {
            Dealings::Identities => write!(
                f,
                "nobody said which key to expect of the {peer}; give its identity"
            ),
            Dealings::Certificates => write!(
                f,
                "nobody said which key to expect of the {peer}, and it has no name that an authority vouches for; \
                 give the key or its pin"
            ),
        },
    }
}

fn wrong_key(
    peer: Side,
    found: &dyn fmt::Display,
    expected: &dyn fmt::Display,
    what: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(
        f,
        "the {peer} proved the key {found}, but {expected} was expected; \
         check the {what}, and whether the address is another's"
    )
}
