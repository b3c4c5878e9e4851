//! The published vectors are what `spec/wire.cddl` describes, in the eyes of a validator that shares
//! no code with this crate.

use std::fs;

use cddl_cat::{ValidateError, cbor::validate_cbor_bytes, flatten::flatten_from_str};
use tuyau_wire::Message;

use crate::support::{self, Expect, Vector};

fn schema() -> String {
    fs::read_to_string(support::directory().join("../wire.cddl")).unwrap()
}

fn messages() -> impl Iterator<Item = Vector> {
    support::all()
        .into_iter()
        .filter(|vector| vector.folder == "message")
}

#[test]
fn the_schema_parses_and_defines_every_message() {
    let rules = flatten_from_str(&schema()).unwrap();
    for name in [
        "message", "hello", "listen", "unlisten", "send", "deliver", "accept", "reject", "lookup",
        "found",
    ] {
        assert!(rules.contains_key(name), "{name}");
    }
}

#[test]
fn valid_messages_validate_as_a_message_and_as_their_own_rule_alone() {
    let schema = schema();
    let names = [
        "hello", "listen", "unlisten", "send", "deliver", "accept", "reject", "lookup", "found",
    ];
    for vector in messages() {
        let Ok(message) = Message::decode(&vector.bytes) else {
            continue;
        };
        for name in ["message"].into_iter().chain(names) {
            let expected = name == "message" || name == message.name();
            let result = validate_cbor_bytes(name, &schema, &vector.bytes);
            assert_eq!(
                result.is_ok(),
                expected,
                "{} as {name}: {result:?}",
                vector.path()
            );
        }
    }
}

/// What CDDL can say of the form; which characters a text may have is not among it, although the
/// decoder calls that a wrong value.
fn is_expressible(vector: &Vector, kind: &str) -> bool {
    let characters = [
        "hello-capability-space",
        "hello-agent-control",
        "hello-agent-utf-8",
        "reject-text-control",
    ];
    match kind {
        "type" | "length" | "unknown-type" => true,
        "value" => !characters.contains(&vector.name.as_str()),
        _ => false,
    }
}

/// What is wrong in form, the validator must see too. It does not look at how bytes are encoded.
#[test]
fn messages_of_the_wrong_form_do_not_validate() {
    let schema = schema();
    let mut refused = 0;
    for vector in messages() {
        let Expect::Refused { kind, .. } = &vector.expect else {
            continue;
        };
        if !is_expressible(&vector, kind) {
            continue;
        }
        let result = validate_cbor_bytes("message", &schema, &vector.bytes);
        let mismatch = matches!(result, Err(ValidateError::Mismatch(_)));
        assert!(mismatch, "{}: {result:?}", vector.path());
        refused += 1;
    }
    assert!(refused >= 40, "only {refused}");
}

/// The prose and the schema cannot drift from the constants.
#[test]
fn the_schema_states_the_bounds_of_the_code() {
    let schema = schema();
    for bound in [
        format!("[1*{} uint]", tuyau_wire::MAX_VERSIONS),
        format!("[0*{} capability]", tuyau_wire::MAX_CAPABILITIES),
        format!("(1..{})", tuyau_wire::MAX_CAPABILITY),
        format!("(1..{})", tuyau_wire::MAX_AGENT),
        format!(".ge {}", tuyau_wire::MIN_MAX_FRAME),
        format!("[1*{} route]", tuyau_wire::MAX_ROUTES),
        format!("(1..{})", tuyau_core::Address::MAX_LENGTH),
        format!("(0..{})", tuyau_wire::MAX_REJECT_TEXT),
    ] {
        assert!(schema.contains(&bound), "{bound}");
    }
}
