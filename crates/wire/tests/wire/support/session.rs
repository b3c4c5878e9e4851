//! A whole session as an example: the section of `spec/README.md`, and the two streams as they would
//! be captured.

use std::fmt::Write as _;

use tuyau_wire::{
    Announcement, Binding, Class, Hello, Level, Message, Parameter, RejectCode, Role, Target,
    capability,
};

use super::{Expect, Vector, diagnostic, keys, valid};

/// Where the example stands in `spec/README.md`.
const BEGIN: &str = "<!-- session: written by `cargo run -p tuyau-wire --example vectors` -->\n";
const END: &str = "<!-- end of session -->\n";

/// The longest line of bytes, and of the notation before it is broken.
const BYTES: usize = 24;
const COLUMNS: usize = 96;

/// One message: who says it, what it is about, and itself.
pub struct Step {
    pub from: Role,
    pub about: &'static str,
    pub message: Message<'static>,
}

/// The text of `spec/README.md` with the example as it is made now.
///
/// # Panics
/// When the text has no place for it.
pub fn in_readme(readme: &str) -> String {
    let (before, rest) = readme.split_once(BEGIN).expect("the begin of the example");
    let (_, after) = rest.split_once(END).expect("the end of the example");
    format!("{before}{BEGIN}\n{}\n{END}{after}", text())
}

/// The two streams, each of them whole.
pub fn vectors() -> Vec<Vector> {
    [(Role::Service, "alice"), (Role::Router, "router")]
        .into_iter()
        .map(|(from, name)| Vector {
            folder: "session",
            name: name.into(),
            title: format!("all that {name} says in the example of README.md"),
            expect: Expect::Stream,
            bytes: stream(from),
        })
        .collect()
}

fn stream(from: Role) -> Vec<u8> {
    let mut bytes = Vec::new();
    for step in steps().iter().filter(|step| step.from == from) {
        step.message.encode_frame(&mut bytes);
    }
    bytes
}

fn text() -> String {
    let mut text = String::new();
    for step in steps() {
        let arrow = match step.from {
            Role::Router => '<',
            _ => '>',
        };
        let mut frame = Vec::new();
        step.message.encode_frame(&mut frame);
        writeln!(text, "{}\n", step.about).unwrap();
        let notation = diagnostic::notation(&step.message.encode());
        for (index, line) in broken(&notation).iter().enumerate() {
            let arrow = if index == 0 { arrow } else { ' ' };
            writeln!(text, "    {arrow} {line}").unwrap();
        }
        for line in frame.chunks(BYTES) {
            let hex: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(text, "        {}", hex.join(" ")).unwrap();
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

/// Breaks a notation behind commas, and where there is none.
fn broken(notation: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in notation.split_inclusive(", ") {
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.len() + part.trim_end().len() > COLUMNS {
            *line = line.trim_end().to_owned();
            lines.push(format!("  {part}"));
        } else {
            line.push_str(part);
        }
    }
    lines
}

fn step(from: Role, about: &'static str, message: Message<'static>) -> Step {
    Step {
        from,
        about,
        message,
    }
}

/// The session.
pub fn steps() -> Vec<Step> {
    [greeting(), registration(), sending(), receiving(), end()]
        .into_iter()
        .flatten()
        .collect()
}

fn greeting() -> Vec<Step> {
    let alice = Hello::new(Role::Service, "example/1.0")
        .and_then(|hello| hello.with_capability(capability::DURABLE))
        .and_then(|hello| hello.with_parameter(Parameter::Epoch, 1_800_000_000_000))
        .unwrap();
    let router = Hello::new(Role::Router, "tuyau/0.1.0")
        .and_then(|hello| hello.with_capability(capability::LOOKUP))
        .and_then(|hello| hello.with_capability(capability::DURABLE))
        .unwrap();
    vec![
        step(
            Role::Service,
            "Alice says hello: version 2, the capability *durable*, a service, messages of up to 1 MiB, \
             epoch\n1,800,000,000,000.",
            Message::Hello(alice),
        ),
        step(
            Role::Router,
            "So does the router, without waiting for hers. What it does not state has the default: its \
             *credit*\nis 65,536.",
            Message::Hello(router),
        ),
    ]
}

fn registration() -> Vec<Step> {
    vec![
        step(
            Role::Service,
            "She registers a route, with a record that she signed. Her first number is 4,096.",
            Message::Listen {
                sequence: 4_096,
                record: valid::statements::record(1),
            },
        ),
        receipt("The router accepts it.", Level::Accepted, 4_096, 4_096),
    ]
}

fn bind(sequence: u64, handle: u64, class: Class, level: Level, ttl: u64) -> Message<'static> {
    let binding = Binding {
        target: Target::Identity(keys::bob().identity()),
        class,
        level,
        ttl,
    };
    Message::Bind {
        sequence,
        handle,
        binding,
    }
}

fn send(handle: u64, sequence: u64, body: &'static [u8]) -> Message<'static> {
    Message::Send {
        handle,
        sequence,
        body,
    }
}

fn receipt(about: &'static str, level: Level, first: u64, last: u64) -> Step {
    step(Role::Router, about, Message::Receipt { level, first, last })
}

fn sending() -> Vec<Step> {
    vec![
        step(
            Role::Service,
            "Handle 0 is to stand for bob, for fast messages and receipts of the level *accepted*.",
            bind(4_097, 0, Class::Fast, Level::Accepted, 0),
        ),
        step(
            Role::Service,
            "She sends on it at once. The message has 15 bytes, and that is what it costs.",
            send(0, 4_098, b"hi there"),
        ),
        receipt(
            "Both have come as far as she asked: one receipt answers them.",
            Level::Accepted,
            4_097,
            4_098,
        ),
        step(
            Role::Service,
            "Handle 1 stands for bob, too, for messages that are kept for an hour if need be.",
            bind(4_099, 1, Class::Durable, Level::Stored, 3_600_000),
        ),
        step(Role::Service, "Two of them.", send(1, 4_100, b"one")),
        step(Role::Service, "The numbers go on.", send(1, 4_101, b"two")),
        receipt("The handle is bound.", Level::Accepted, 4_099, 4_099),
        receipt(
            "After one write to its disk the router tells that both are stored.",
            Level::Stored,
            4_100,
            4_101,
        ),
        step(
            Role::Service,
            "A mistake: handle 2 stands for nothing.",
            send(2, 4_102, b"lost"),
        ),
        step(
            Role::Router,
            "It is refused, and the session goes on.",
            Message::Reject {
                sequence: Some(4_102),
                code: RejectCode::Unbound,
                text: "handle 2 is not bound",
            },
        ),
    ]
}

fn receiving() -> Vec<Step> {
    let announcement = Announcement {
        identity: keys::bob().identity(),
        epoch: 7,
        group: None,
        class: Class::Durable,
        acknowledge: true,
        ttl: 0,
    };
    vec![
        step(
            Role::Router,
            "Bob wrote to alice. The router's handle 1,000 stands for durable messages of bob, in his \
             epoch 7.",
            Message::Announce {
                handle: 1_000,
                announcement,
            },
        ),
        step(
            Role::Router,
            "Perhaps she had the first one in an earlier session.",
            Message::Redeliver {
                handle: 1_000,
                sequence: 5_000,
                body: b"are you there?",
            },
        ),
        step(
            Role::Router,
            "The second one is new.",
            Message::Deliver {
                handle: 1_000,
                sequence: 5_003,
                body: b"hello?",
            },
        ),
        step(
            Role::Service,
            "She is done with both.",
            Message::Acknowledge {
                handle: 1_000,
                first: 5_000,
                last: 5_003,
            },
        ),
    ]
}

fn end() -> Vec<Step> {
    vec![
        step(
            Role::Service,
            "Has the router read all that? The answer comes behind everything else.",
            Message::Ping { token: 1 },
        ),
        step(Role::Router, "It has.", Message::Pong { token: 1 }),
        step(
            Role::Router,
            "It will end in ten seconds; another router is there. Alice closes, and goes there.",
            Message::Drain {
                milliseconds: 10_000,
                routes: vec!["tls://192.0.2.2:6000".parse().unwrap()],
            },
        ),
    ]
}
