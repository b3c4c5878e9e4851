//! What `spec/README.md` says in numbers and names is what the code does.

use std::{collections::BTreeMap, fs};

use ed25519_dalek::{Signature, VerifyingKey};
use tuyau_wire::{
    Class, Grant, Level, Message, Parameter, Record, RejectCode, Rights, Role, Rules, Signed,
    Statement, Withdrawal, capability,
};

use crate::support::{self, keys, valid};

fn prose() -> String {
    let text = fs::read_to_string(support::readme()).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn says(rows: impl IntoIterator<Item = String>) {
    let prose = prose();
    for row in rows {
        assert!(prose.contains(&row), "{row}");
    }
}

/// A number as the prose writes it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn the_version_is_the_one_of_the_code() {
    says([format!("Version {}. What a service", tuyau_wire::VERSION)]);
    let schema = fs::read_to_string(support::directory().join("../wire.cddl")).unwrap();
    assert!(schema.contains(&format!("router, version {} ", tuyau_wire::VERSION)));
}

#[test]
fn every_reject_code_is_in_the_table() {
    says(RejectCode::ALL.map(|code| format!("| {} | {} |", code.number(), code.name())));
}

/// With its number, who sends it, and as many elements as it has.
#[test]
fn every_message_type_is_in_the_table() {
    let readme = fs::read_to_string(support::readme()).unwrap();
    let vectors = support::all();
    let samples: BTreeMap<_, _> = vectors
        .iter()
        .filter_map(|vector| {
            let message = Message::decode(&vector.bytes).ok()?;
            Some((
                message.name(),
                (message, usize::from(vector.bytes[0] & 0x1f)),
            ))
        })
        .collect();
    for (number, name) in Message::names().enumerate() {
        let (message, count) = &samples[name];
        let roles = [Role::Service, Role::Router].map(|role| message.is_from(role));
        let from = match roles {
            [true, true] => "both",
            [true, false] => "service",
            _ => "router",
        };
        let begin = format!("| {number} | `{name}` | {from} | ");
        let row = readme.lines().find_map(|line| line.strip_prefix(&begin));
        let elements = row.unwrap_or_else(|| panic!("{begin}")).split(", ");
        assert_eq!(elements.count(), count - 1, "{name}");
    }
}

#[test]
fn every_parameter_is_in_the_table() {
    says(Parameter::ALL.map(|parameter| {
        let of = match parameter {
            Parameter::Epoch | Parameter::Receives | Parameter::Unacknowledged => "service",
            _ => "router",
        };
        let (number, name) = (parameter.number(), parameter.name());
        let default = grouped(parameter.default_value());
        format!("| {number} | {name} | {of} | {default} |")
    }));
}

#[test]
fn every_class_level_and_right_is_there() {
    let classes = Class::ALL.iter().map(|it| (it.number(), it.name()));
    let levels = Level::ALL.iter().map(|it| (it.number(), it.name()));
    let rows = classes.chain(levels);
    says(rows.map(|(number, name)| format!("| {number} | {name} |")));
    let [join, publish, both] =
        [Rights::Join, Rights::Publish, Rights::JoinAndPublish].map(Rights::number);
    says([format!(
        "*rights*: {join} to join, {publish} to publish, {both} for both"
    )]);
}

#[test]
fn the_table_of_limits_has_the_constants() {
    assert_eq!(
        (tuyau_wire::MAX_FRAME, tuyau_wire::MIN_MAX_FRAME),
        (1 << 20, 4_096)
    );
    says([
        "| message | 1 MiB unless configured otherwise; stated in `hello`, 4,096 bytes".into(),
        format!("| nesting of arrays and maps | {} |", tuyau_wire::MAX_DEPTH),
        format!(
            "| versions, capabilities | {}, {} of {} bytes |",
            tuyau_wire::MAX_VERSIONS,
            tuyau_wire::MAX_CAPABILITIES,
            tuyau_wire::MAX_CAPABILITY
        ),
        format!("| parameters | {} |", tuyau_wire::MAX_PARAMETERS),
        format!("| agent | {} bytes |", tuyau_wire::MAX_AGENT),
        format!(
            "| routes of a record | {} of {} bytes |",
            tuyau_wire::MAX_ROUTES,
            tuyau_core::Address::MAX_LENGTH
        ),
        format!(
            "| text of a reject | {} bytes |",
            tuyau_wire::MAX_REJECT_TEXT
        ),
    ]);
}

#[test]
fn every_capability_is_in_the_table() {
    says([capability::LOOKUP, capability::DURABLE].map(|name| format!("| `{name}` |")));
}

/// The signature of a statement is one over the text that its row has, a zero byte, and its bytes.
#[test]
fn the_texts_in_front_of_signed_bytes_are_in_the_table() {
    let record = valid::statements::record(1);
    let withdrawal = Withdrawal {
        identity: keys::alice().identity(),
        sequence: 2,
    };
    let rules = Rules {
        group: keys::group().identity(),
        sequence: 1,
        join_restricted: true,
        publish_restricted: false,
        grants_from: 0,
    };
    signs_as_the_table_has_it::<Record>("record", &record);
    let withdrawal = Signed::sign(&keys::alice(), withdrawal).unwrap();
    signs_as_the_table_has_it("withdrawal", &withdrawal);
    let rules = Signed::sign(&keys::group(), rules).unwrap();
    signs_as_the_table_has_it("rules", &rules);
    signs_as_the_table_has_it::<Grant>("grant", &valid::groups::grant());
}

fn signs_as_the_table_has_it<T: Statement>(name: &str, signed: &Signed<T>) {
    let readme = fs::read_to_string(support::readme()).unwrap();
    let begin = format!("| {name} | ");
    let row = readme
        .lines()
        .find(|line| line.starts_with(&begin))
        .unwrap();
    let cells: Vec<_> = row.split(" | ").collect();
    let elements = cells[1].split(", ").count();
    assert_eq!(usize::from(signed.bytes()[0] & 0x1f), elements, "{name}");
    let text = cells[3].trim_end_matches(" |").trim_matches('`');
    let message = [text.as_bytes(), &[0], signed.bytes()].concat();
    let key = VerifyingKey::from_bytes(signed.claims().identity().as_bytes()).unwrap();
    let signature = Signature::from_bytes(signed.signature());
    assert!(key.verify_strict(&message, &signature).is_ok(), "{text}");
}

/// Each entry of the list of contents leads to a heading, and none is missing.
#[test]
fn the_contents_are_the_headings() {
    let readme = fs::read_to_string(support::readme()).unwrap();
    let headings: Vec<_> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let contents: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .filter(|line| line.contains(". [") && line.ends_with(')'))
        .collect();
    assert_eq!(headings.len(), contents.len());
    for (heading, entry) in headings.iter().zip(contents) {
        let (number, title) = heading.split_once(". ").unwrap();
        let anchor = format!("{number}-{title}").to_lowercase().replace(' ', "-");
        let anchor = anchor.replace(',', "");
        assert_eq!(entry, format!("{number}. [{title}](#{anchor})"));
    }
}
