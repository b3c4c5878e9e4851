//! What happens to a service, in words and as JSON.

use std::{error::Error, time::Duration};

use serde_json::{Map, Value, json};
use tuyau_client::{ServiceEvent, Via};
use tuyau_core::Chain;

use crate::printable::{one_line, printable};

/// An event with its time, in words and as JSON.
#[derive(Debug)]
pub(super) struct Told {
    time: String,
    name: &'static str,
    text: String,
    fields: Value,
}

impl Told {
    /// The line for a person.
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.time, self.text)
    }

    /// The object for a program: time, event, and what belongs to the event.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("time".into(), self.time.clone().into());
        object.insert("event".into(), self.name.into());
        if let Value::Object(fields) = &self.fields {
            object.extend(fields.clone());
        }
        Value::Object(object)
    }
}

/// Tells an event that happened at `time`.
pub(super) fn narrate(event: ServiceEvent, time: String) -> Told {
    let (name, text, fields) = words(event);
    Told {
        time,
        name,
        text,
        fields,
    }
}

fn words(event: ServiceEvent) -> (&'static str, String, Value) {
    use ServiceEvent::*;
    match event {
        Listening { address } => {
            let fields = json!({ "address": address.to_string() });
            ("listening", format!("listening on {address}"), fields)
        }
        Connecting { router, identity } => {
            let fields = json!({ "router": router.to_string(), "identity": identity.to_string() });
            (
                "connecting",
                format!("connecting to the router {identity} at {router}"),
                fields,
            )
        }
        Connected { router, peer } => {
            let (identity, agent) = (peer.identity, peer.hello.agent());
            let version = peer.agreement.version;
            let text = format!("connected to {router}: {agent}, version {version} of the protocol");
            let fields = json!({
                "router": router.to_string(), "identity": identity.to_string(), "agent": agent,
                "version": version,
            });
            ("connected", text, fields)
        }
        Registered {
            router,
            peer,
            identity,
            routes,
            receipt,
            renewal,
        } => {
            let routes: Vec<_> = routes.iter().map(ToString::to_string).collect();
            let (plural, again) = (
                if routes.len() == 1 { "" } else { "s" },
                if renewal { " again" } else { "" },
            );
            let list = routes.join(", ");
            let text =
                format!("registered{again} with {router} as {identity}, route{plural} {list}");
            let fields = json!({
                "router": router.to_string(), "router_identity": peer.to_string(),
                "identity": identity.to_string(), "routes": routes,
                "sequence": receipt.sequence, "expires": receipt.expires, "renewal": renewal,
            });
            ("registered", text, fields)
        }
        Refused {
            rejection,
            retry_in,
        } => {
            let (code, said) = (rejection.code.name(), printable(rejection.text.as_bytes()));
            let pause = pause(retry_in);
            let text = format!(
                "the router refused the registration: {code}: {said}; next attempt in {pause}"
            );
            let fields = json!({ "code": code, "text": said, "retry_ms": millis(retry_in) });
            ("refused", text, fields)
        }
        Delivered { delivery, via } => {
            let (from, body) = (delivery.from, printable(&delivery.body));
            let fields = json!({
                "from": from.to_string(), "text": body, "bytes": delivery.body.len(),
                "via": via_name(via),
            });
            ("message", format!("message from {from}: {body}"), fields)
        }
        Answered { to, via } => {
            let fields = json!({ "to": to.to_string(), "via": via_name(via) });
            ("answered", format!("answered {to}"), fields)
        }
        Unanswered { to, error } => failure(
            "unanswered",
            &format!("could not answer {to}"),
            &error,
            &[("to", to.to_string())],
        ),
        Lost { reason, retry_in } => lost(&reason, retry_in),
        Reached { origin } => {
            let fields = json!({ "origin": origin.to_string() });
            (
                "reached",
                format!("the router connected to our route from {origin}"),
                fields,
            )
        }
        Turned { origin, error } => {
            let what = format!("turned a connection from {origin} away");
            failure(
                "turned_away",
                &what,
                &error,
                &[("origin", origin.to_string())],
            )
        }
        AcceptFailed { error } => failure(
            "accept_failed",
            "could not accept a connection",
            &error,
            &[],
        ),
        Withdrawn => ("withdrawn", "registration withdrawn".into(), json!({})),
        WithdrawalFailed { reason } => failure(
            "withdrawal_failed",
            "could not withdraw the registration",
            &reason,
            &[],
        ),
        Stopped => ("stopped", "stopped".into(), json!({})),
        other => ("other", one_line(&format!("{other:?}")), json!({})),
    }
}

fn lost(reason: &tuyau_client::LinkError, retry_in: Duration) -> (&'static str, String, Value) {
    let cause = cause(reason);
    let remedy = match reason {
        tuyau_client::LinkError::Identity(_) => ", or set router.identity",
        _ => "",
    };
    let text = format!(
        "no router: {cause}{remedy}; next attempt in {}",
        pause(retry_in)
    );
    let fields = json!({ "reason": format!("{cause}{remedy}"), "retry_ms": millis(retry_in) });
    ("lost", text, fields)
}

fn failure(
    name: &'static str,
    what: &str,
    error: &dyn Error,
    extra: &[(&str, String)],
) -> (&'static str, String, Value) {
    let cause = cause(error);
    let mut fields = Map::new();
    for (key, value) in extra {
        fields.insert((*key).into(), value.clone().into());
    }
    fields.insert("reason".into(), cause.clone().into());
    (name, format!("{what}: {cause}"), Value::Object(fields))
}

fn cause(error: &dyn Error) -> String {
    one_line(&Chain(error).to_string())
}

fn via_name(via: Via) -> &'static str {
    match via {
        Via::Session => "session",
        Via::Route => "route",
        _ => "other",
    }
}

fn pause(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
