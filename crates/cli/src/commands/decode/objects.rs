//! A stream as JSON for a program.

use serde_json::{Map, Value as Json, json};
use tuyau_wire::{
    Role,
    trace::{Entry, Field, Finding, Value},
};

use super::Summary;

/// A part of the stream; without a type when it is no message.
pub(super) fn entry(entry: &Entry<'_>) -> Json {
    let mut object = json!({
        "event": "message",
        "offset": entry.offset,
        "length": entry.length,
        "type": entry.message.as_ref().map(|message| message.name()),
        "fields": parts(&entry.fields()),
    });
    if entry.message.is_none() {
        object["event"] = "refused".into();
    }
    object
}

/// Something that is wrong.
pub(super) fn finding(finding: &Finding) -> Json {
    json!({
        "event": "finding",
        "kind": finding.kind().name(),
        "offset": finding.offset(),
        "found": finding.found(),
        "meaning": finding.meaning(),
        "remedy": finding.remedy(),
    })
}

/// The end of the stream.
pub(super) fn summary(summary: &Summary) -> Json {
    let role = summary.role.map(|role| match role {
        Role::Service => "service",
        _ => "router",
    });
    json!({
        "event": "end",
        "messages": summary.messages,
        "bytes": summary.bytes,
        "role": role,
        "findings": summary.findings.len(),
    })
}

fn parts(fields: &[Field<'_>]) -> Json {
    let entries = fields
        .iter()
        .map(|it| (it.name.to_owned(), value(&it.value)));
    Json::Object(entries.collect::<Map<_, _>>())
}

fn value(value: &Value<'_>) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Truth(truth) => (*truth).into(),
        Value::Number(number) | Value::Moment(number) => (*number).into(),
        Value::Word(word) => word.as_ref().into(),
        Value::Text(text) => text.as_str().into(),
        Value::Identity(identity) => identity.to_string().into(),
        Value::Body(bytes) => body(bytes),
        Value::List(values) => values.iter().map(self::value).collect(),
        Value::Parts(fields) => parts(fields),
        // What is new there prints itself.
        other => other.to_string().into(),
    }
}

/// The whole of a body: as text if it is one, else in hexadecimal digits.
fn body(bytes: &[u8]) -> Json {
    let length = bytes.len();
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "length": length, "text": text }),
        Err(_) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "length": length, "hex": hex })
        }
    }
}
