//! What a failure means, and what to do about it.

use std::{error::Error, time::Duration};

use tuyau::tls;
use tuyau_client::{OpenError, RequestError, SessionErrorKind};
use tuyau_core::{
    Address, AttemptReport, Chain, ConnectError, ErrorKind, FlowError, LayeredError, Outcome, Stage,
};
use tuyau_wire::Identity;

use super::report::{Failure, Step};

fn failure(found: impl ToString, expected: &str, remedy: impl Into<String>) -> Failure {
    Failure {
        found: found.to_string(),
        expected: expected.to_owned(),
        remedy: remedy.into(),
    }
}

/// What is wrong with an address that parses, if anything.
pub(super) fn address(address: &Address) -> Option<Failure> {
    let text = address.to_string();
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let secured = "tls:// or tls+unix://";
    match address.scheme() {
        "tls" if address.port().is_none() => Some(failure(
            format!("{text} has no port"),
            "a host and a port",
            format!("write {text}:6000, or the port that the router listens on"),
        )),
        "tls" | "tls+unix" | "tls+mem" => None,
        plain @ ("tcp" | "unix" | "mem") => {
            let instead = if plain == "tcp" {
                "tls".to_owned()
            } else {
                format!("tls+{plain}")
            };
            Some(failure(
                format!("{text} is not protected by TLS"),
                secured,
                format!("write {instead}://{rest}"),
            ))
        }
        other => Some(failure(
            format!("the scheme {other} is none that this program dials"),
            secured,
            "write for example tls://127.0.0.1:6000",
        )),
    }
}

/// Why there is no endpoint.
pub(super) fn resolve(address: &Address, plan: &tuyau_core::Report) -> Failure {
    let cause = plan.attempts.iter().find_map(|row| match &row.outcome {
        Outcome::Failed(error) => Some(Chain(&**error).to_string()),
        Outcome::TimedOut => Some("no answer from the resolver in time".to_owned()),
        _ => None,
    });
    let host = address.host().unwrap_or_default();
    let found = cause.unwrap_or_else(|| format!("{host} has no address"));
    let remedy = "check the spelling of the host, or write its IP address";
    failure(found, "a host name that has an IP address", remedy)
}

/// Whether the server knows certificates only, and may be asked again with one.
pub(super) fn wants_certificates(error: &ConnectError) -> bool {
    /// What servers say that were offered no form of key that they have (RFC 8446, section 6.2).
    const HANDSHAKE_FAILURE: u8 = 40;
    const UNSUPPORTED_CERTIFICATE: u8 = 43;
    match furthest(error).and_then(tls_error).map(tls::Error::kind) {
        Some(tls::Kind::Incompatible(_)) => true,
        Some(tls::Kind::PeerAlert(alert)) => {
            matches!(alert.number(), HANDSHAKE_FAILURE | UNSUPPORTED_CERTIFICATE)
        }
        _ => false,
    }
}

/// Which step a failed connect came to, and what went wrong there.
pub(super) fn connect(
    address: &Address,
    error: &ConnectError,
    deadline: Duration,
) -> (Step, Failure) {
    let Some(row) = furthest(error) else {
        let remedy = "check the address";
        return (
            Step::Connect,
            failure(error, "an endpoint that can be dialled", remedy),
        );
    };
    let in_tls = row.stage == Stage::new("tls");
    match &row.outcome {
        Outcome::Failed(cause) => match tls_error(row) {
            Some(error) => tls(error),
            None => (Step::Connect, flow(address, &**cause)),
        },
        _ if in_tls => (Step::Tls, silent(deadline)),
        _ => (Step::Connect, unanswered(deadline)),
    }
}

/// The attempt that came furthest, of those the one that is not merely given up.
fn furthest(error: &ConnectError) -> Option<&AttemptReport> {
    let rows = error.report().attempts.iter();
    rows.filter(|row| row.endpoint.is_some())
        .filter(|row| matches!(row.outcome, Outcome::Failed(_) | Outcome::TimedOut))
        .max_by_key(|row| {
            let failed = matches!(row.outcome, Outcome::Failed(_));
            (row.stage == Stage::new("tls"), failed)
        })
}

type Layers = LayeredError<FlowError, tls::Error>;

fn tls_error(row: &AttemptReport) -> Option<&tls::Error> {
    let Outcome::Failed(error) = &row.outcome else {
        return None;
    };
    match error.downcast_ref::<Layers>() {
        Some(LayeredError::Layer(error)) => Some(error),
        _ => None,
    }
}

fn flow(address: &Address, cause: &(dyn Error + Send + Sync + 'static)) -> Failure {
    let kind = match cause.downcast_ref::<Layers>() {
        Some(LayeredError::Base(error)) => Some(error.kind()),
        _ => None,
    };
    let remedy = match kind {
        Some(ErrorKind::Refused) => {
            "nothing listens there: start the router (`tuyau router`), or check the port"
        }
        Some(ErrorKind::Unreachable) if address.path().is_some() => {
            "there is no such socket: start the router, or check the path"
        }
        Some(ErrorKind::Unreachable) => "check the network, and the address of the host",
        Some(ErrorKind::Denied) => "let this user connect there, or run as another one",
        Some(ErrorKind::TimedOut) => "check the address, and firewalls on the way",
        _ => "check the address, and start the router (`tuyau router`)",
    };
    failure(Chain(cause), "a router that listens there", remedy)
}

fn unanswered(deadline: Duration) -> Failure {
    let found = format!("no answer within {} s", deadline.as_secs());
    let remedy = "check the address, and firewalls on the way, which may drop packets in silence";
    failure(found, "a router that listens there", remedy)
}

fn silent(deadline: Duration) -> Failure {
    let found = format!("the server said nothing within {} s", deadline.as_secs());
    let remedy = "something else may listen on this port: check it; a router that hangs says why in \
                  its log";
    failure(found, "an answer to the TLS handshake", remedy)
}

fn tls(error: &tls::Error) -> (Step, Failure) {
    let expected = "TLS 1.3 with an Ed25519 key on both sides";
    let check = "this is no Tuyau router: check the address and the port";
    let remedy = match error.kind() {
        tls::Kind::UnsupportedKey | tls::Kind::BadCertificate(_) | tls::Kind::NoCertificate => {
            let expected = "an Ed25519 key, as a raw public key or in a certificate";
            return (Step::Key, failure(error, expected, check));
        }
        tls::Kind::PlainText(text) => match text.looks_like() {
            Some(protocol) => format!("this is a server for {protocol}: check the port"),
            None => check.to_owned(),
        },
        tls::Kind::VersionTooOld => {
            format!("{check}, or whether something between the two ends TLS itself")
        }
        tls::Kind::PeerAlert(_) => format!("{check}; if it is one, look at its log"),
        tls::Kind::Truncated | tls::Kind::Io(_) => {
            "something else may listen on this port, or the router is at one of its limits: check \
             the port, and look at the router's log"
                .to_owned()
        }
        _ => check.to_owned(),
    };
    (Step::Tls, failure(Chain(error), expected, remedy))
}

/// The peer proved no key that can be an identity.
pub(super) fn no_key() -> Failure {
    let remedy = "this is no Tuyau router: check the address and the port";
    failure("a key that cannot be an identity", "an Ed25519 key", remedy)
}

/// The peer is somebody else.
pub(super) fn wrong_key(expected: &Identity, found: &Identity) -> Failure {
    let remedy = "another router answers there: check the address; or the router has a new key: \
                  then take over its identity.pub, if you know why";
    failure(found, &expected.to_string(), remedy)
}

/// There is no session.
pub(super) fn hello(error: &OpenError) -> Failure {
    let expected = "the hello of a router that speaks version 2 of the protocol";
    let OpenError::Hello(cause) = error else {
        return failure(Chain(error), expected, "check the address");
    };
    let remedy = match cause.kind() {
        SessionErrorKind::Version => "update the older one of the two programs",
        SessionErrorKind::Role => "this is the address of a service: give that of a router",
        SessionErrorKind::Rejected => {
            "what it said is why; a service answers its own router only: if this is the address of \
             one, give that of its router"
        }
        SessionErrorKind::TimedOut => {
            "it speaks TLS with such keys and is silent: look at its log, and check the port"
        }
        SessionErrorKind::Malformed | SessionErrorKind::Unexpected => {
            "it speaks TLS with such keys and then another protocol: check the port"
        }
        SessionErrorKind::Ended | SessionErrorKind::Flow => {
            "it did not want this connection: look at its log; an authority or a limit may be the \
             reason"
        }
        _ => "look at its log",
    };
    failure(Chain(error), expected, remedy)
}

/// The router said hello and did not answer a request.
pub(super) fn request(error: &RequestError) -> Failure {
    failure(
        Chain(error),
        "an answer to a request",
        "look at the router's log",
    )
}
