//! The published vectors are what `spec/wire.cddl` describes, in the eyes of a validator that shares
//! no code with this crate.

use std::{collections::BTreeSet, fs};

use cddl_cat::{ValidateError, cbor::validate_cbor_bytes, flatten::flatten_from_str};
use tuyau_wire::{Class, Level, Message, Parameter};

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
    for name in ["message", "frame"].into_iter().chain(Message::names()) {
        assert!(rules.contains_key(name), "{name}");
    }
}

fn decoded(vectors: &[Vector]) -> impl Iterator<Item = (&Vector, &'static str)> {
    vectors.iter().filter_map(|vector| {
        let message = Message::decode(&vector.bytes).ok()?;
        Some((vector, message.name()))
    })
}

#[test]
fn valid_messages_validate_as_a_message_and_as_their_own_rule() {
    let (schema, vectors) = (schema(), Vec::from_iter(messages()));
    for (vector, own) in decoded(&vectors) {
        for name in ["message", own] {
            let result = validate_cbor_bytes(name, &schema, &vector.bytes);
            assert!(result.is_ok(), "{} as {name}: {result:?}", vector.path());
        }
    }
}

#[test]
fn valid_messages_do_not_validate_as_another_rule() {
    let (schema, vectors) = (schema(), Vec::from_iter(messages()));
    let mut seen = BTreeSet::new();
    for (vector, own) in decoded(&vectors) {
        if !seen.insert(own) {
            continue;
        }
        let others: Vec<_> = Message::names().filter(|name| *name != own).collect();
        let schema = format!("{schema}\nother = {}\n", others.join(" / "));
        let result = validate_cbor_bytes("other", &schema, &vector.bytes);
        let mismatch = matches!(result, Err(ValidateError::Mismatch(_)));
        assert!(mismatch, "{}: {result:?}", vector.path());
    }
    assert_eq!(seen.len(), Message::names().count());
}

/// What CDDL can say of the form; which characters a text may have and that a range does not end
/// before it begins is not among it, although the decoder calls that a wrong value.
fn is_expressible(vector: &Vector, kind: &str) -> bool {
    let beyond = [
        "hello-capability-space",
        "hello-agent-control",
        "hello-agent-utf-8",
        "reject-text-control",
        "-backwards",
    ];
    match kind {
        "type" | "length" | "unknown-type" => true,
        "value" => !beyond.iter().any(|name| vector.name.contains(name)),
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
    assert!(refused >= 200, "only {refused}");
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
        format!("{{ 0*{} parameter => uint }}", tuyau_wire::MAX_PARAMETERS),
        format!("[1*{} route]", tuyau_wire::MAX_ROUTES),
        format!("[0*{} route]", tuyau_wire::MAX_ROUTES),
        format!("(1..{})", tuyau_core::Address::MAX_LENGTH),
        format!("(0..{})", tuyau_wire::MAX_REJECT_TEXT),
    ] {
        assert!(schema.contains(&bound), "{bound}");
    }
}

/// Each name stands in the schema with the number that the code has.
#[test]
fn the_schema_states_the_numbers_of_the_code() {
    let schema = schema();
    for (number, name) in Message::names().enumerate() {
        let compact = format!("\n{name} = [{number},");
        let long = format!("\n{name} = [\n  {number},");
        assert!(
            schema.contains(&compact) || schema.contains(&long),
            "{name}"
        );
    }
    let classes = Class::ALL
        .iter()
        .map(|class| (class.name(), class.number()));
    let levels = Level::ALL
        .iter()
        .map(|level| (level.name(), level.number()));
    for (name, number) in classes.chain(levels) {
        assert!(schema.contains(&format!("\n{name} = {number}\n")), "{name}");
    }
    for parameter in Parameter::ALL {
        let (name, number) = (parameter.name().replace(' ', "-"), parameter.number());
        assert!(
            schema.contains(&format!("\n  {name}: {number},\n")),
            "{name}"
        );
    }
}
