//! Every message as named fields.

use alloc::{string::ToString, vec, vec::Vec};

use tuyau_core::Address;

use super::{Field, Value};
use crate::{
    Announcement, Binding, Grant, Hello, Identity, Message, Parameter, Record, RejectCode, Rights,
    Role, Rules, Signed, Statement, Target, Withdrawal,
};

pub(super) fn fields<'a>(message: &Message<'a>) -> Vec<Field<'a>> {
    match message {
        Message::Hello(it) => hello(it),
        Message::Listen { sequence, record } | Message::Found { sequence, record } => {
            vec![number("sequence", *sequence), statement("record", record)]
        }
        Message::Unlisten {
            sequence,
            withdrawal,
        } => {
            let withdrawal = statement("withdrawal", withdrawal);
            vec![number("sequence", *sequence), withdrawal]
        }
        Message::Bind {
            sequence,
            handle,
            binding,
        } => bind(*sequence, *handle, binding),
        Message::Unbind { handle } => vec![number("handle", *handle)],
        Message::Send {
            handle,
            sequence,
            body,
        }
        | Message::Deliver {
            handle,
            sequence,
            body,
        }
        | Message::Redeliver {
            handle,
            sequence,
            body,
        }
        | Message::Reply {
            handle,
            sequence,
            body,
        } => vec![
            number("handle", *handle),
            number("sequence", *sequence),
            field("body", Value::Body(body)),
        ],
        Message::Replied { sequence, body } => {
            vec![
                number("sequence", *sequence),
                field("body", Value::Body(body)),
            ]
        }
        Message::Announce {
            handle,
            announcement,
        } => announce(*handle, announcement),
        Message::Acknowledge {
            handle,
            first,
            last,
        }
        | Message::Missed {
            handle,
            first,
            last,
        } => vec![
            number("handle", *handle),
            number("first", *first),
            number("last", *last),
        ],
        Message::Receipt { level, first, last } => vec![
            word("level", level.name()),
            number("first", *first),
            number("last", *last),
        ],
        Message::Reject {
            sequence,
            code,
            text,
        } => reject(*sequence, *code, text),
        Message::Credit { handle, limit } => {
            vec![number("handle", *handle), number("limit", *limit)]
        }
        Message::Join {
            sequence,
            group,
            durable,
            grant,
        } => vec![
            number("sequence", *sequence),
            identity("group", group),
            truth("durable", *durable),
            maybe_grant(grant.as_ref()),
        ],
        Message::Leave { sequence, group } => {
            vec![number("sequence", *sequence), identity("group", group)]
        }
        Message::Declare { sequence, rules } => {
            vec![number("sequence", *sequence), statement("rules", rules)]
        }
        Message::Lookup {
            sequence,
            identity: of,
        } => vec![number("sequence", *sequence), identity("identity", of)],
        Message::Ping { token } | Message::Pong { token } => vec![number("token", *token)],
        Message::Drain {
            milliseconds,
            routes,
        } => vec![
            number("milliseconds", *milliseconds),
            field("routes", addresses(routes)),
        ],
    }
}

fn field<'a>(name: &'static str, value: Value<'a>) -> Field<'a> {
    Field::new(name, value)
}

fn number(name: &'static str, number: u64) -> Field<'static> {
    field(name, Value::Number(number))
}

fn truth(name: &'static str, truth: bool) -> Field<'static> {
    field(name, Value::Truth(truth))
}

fn word(name: &'static str, word: &'static str) -> Field<'static> {
    field(name, Value::Word(word.into()))
}

fn identity(name: &'static str, identity: &Identity) -> Field<'static> {
    field(name, Value::Identity(*identity))
}

fn addresses(routes: &[Address]) -> Value<'static> {
    let texts = routes.iter().map(|route| Value::Text(route.to_string()));
    Value::List(texts.collect())
}

fn hello(hello: &Hello) -> Vec<Field<'static>> {
    let versions = hello.versions().iter().copied().map(Value::Number);
    let names = hello.capabilities().iter().map(|name| name.as_str().into());
    let role = match hello.role() {
        Role::Service => "service",
        Role::Router => "router",
    };
    vec![
        field("versions", Value::List(versions.collect())),
        field("capabilities", Value::List(names.collect())),
        word("role", role),
        field("agent", hello.agent().into()),
        number("max-frame", hello.max_frame()),
        field("parameters", parameters(hello)),
    ]
}

/// Those that are stated; numbers that this version does not know stand together at the end.
fn parameters(hello: &Hello) -> Value<'static> {
    let (mut fields, mut unknown) = (Vec::new(), Vec::new());
    for (key, value) in hello.stated_parameters() {
        let index = usize::try_from(key).unwrap_or(usize::MAX);
        match Parameter::ALL.get(index) {
            Some(parameter) => fields.push(number(parameter.name(), value)),
            None => unknown.push(Value::List([key, value].map(Value::Number).into())),
        }
    }
    if !unknown.is_empty() {
        fields.push(field("unknown", Value::List(unknown)));
    }
    Value::Parts(fields)
}

fn bind(sequence: u64, handle: u64, binding: &Binding) -> Vec<Field<'static>> {
    let mut fields = vec![number("sequence", sequence), number("handle", handle)];
    match &binding.target {
        Target::Identity(to) => fields.push(identity("identity", to)),
        Target::Group { group, grant } => {
            fields.push(identity("group", group));
            fields.push(maybe_grant(grant.as_deref()));
        }
    }
    fields.push(word("class", binding.class.name()));
    fields.push(word("level", binding.level.name()));
    fields.push(number("ttl", binding.ttl));
    fields
}

fn announce(handle: u64, announcement: &Announcement) -> Vec<Field<'static>> {
    let group = announcement.group.map_or(Value::Nothing, Value::Identity);
    vec![
        number("handle", handle),
        identity("identity", &announcement.identity),
        number("epoch", announcement.epoch),
        field("group", group),
        word("class", announcement.class.name()),
        truth("acknowledge", announcement.acknowledge),
        number("ttl", announcement.ttl),
    ]
}

fn reject(sequence: Option<u64>, code: RejectCode, text: &str) -> Vec<Field<'static>> {
    let sequence = sequence.map_or(Value::Nothing, Value::Number);
    vec![
        field("sequence", sequence),
        field("code", Value::Word(code.to_string().into())),
        field("text", text.into()),
    ]
}

/// A statement with its parts and what is to be thought of its signature.
fn statement<T: Shown>(name: &'static str, signed: &Signed<T>) -> Field<'static> {
    let mut fields = signed.claims().shown();
    let verdict = match signed.clone().verify() {
        Ok(_) => "good",
        Err(_) => "bad",
    };
    fields.push(word("signature", verdict));
    field(name, Value::Parts(fields))
}

fn maybe_grant(grant: Option<&Signed<Grant>>) -> Field<'static> {
    match grant {
        Some(grant) => statement("grant", grant),
        None => field("grant", Value::Nothing),
    }
}

/// A statement whose parts can be shown.
trait Shown: Statement {
    fn shown(&self) -> Vec<Field<'static>>;
}

impl Shown for Record {
    fn shown(&self) -> Vec<Field<'static>> {
        vec![
            identity("identity", &self.identity),
            number("sequence", self.sequence),
            field("routes", addresses(&self.routes)),
            field("expires", Value::Moment(self.expires)),
        ]
    }
}

impl Shown for Withdrawal {
    fn shown(&self) -> Vec<Field<'static>> {
        vec![
            identity("identity", &self.identity),
            number("sequence", self.sequence),
        ]
    }
}

impl Shown for Rules {
    fn shown(&self) -> Vec<Field<'static>> {
        vec![
            identity("group", &self.group),
            number("sequence", self.sequence),
            truth("join-restricted", self.join_restricted),
            truth("publish-restricted", self.publish_restricted),
            number("grants-from", self.grants_from),
        ]
    }
}

impl Shown for Grant {
    fn shown(&self) -> Vec<Field<'static>> {
        let rights = match self.rights {
            Rights::Join => "join",
            Rights::Publish => "publish",
            Rights::JoinAndPublish => "join and publish",
        };
        vec![
            identity("group", &self.group),
            identity("identity", &self.identity),
            number("sequence", self.sequence),
            word("rights", rights),
            field("expires", Value::Moment(self.expires)),
        ]
    }
}
