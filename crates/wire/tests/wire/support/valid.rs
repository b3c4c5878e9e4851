//! Messages that every implementation must read, and write in exactly these bytes.

mod answers;
mod bindings;
mod bodies;
pub mod groups;
mod hellos;
mod lookups;
mod ranges;
pub mod statements;
mod upkeep;

use tuyau_wire::Message;

use super::{Expect, Vector, keys};

/// The numbers at which an encoding gets longer, and those right below.
const EDGES: [u64; 10] = [
    0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    4_294_967_295,
    4_294_967_296,
    u64::MAX,
];

pub fn vectors() -> Vec<Vector> {
    [
        hellos::vectors(),
        statements::vectors(),
        bindings::vectors(),
        bodies::vectors(),
        ranges::vectors(),
        answers::vectors(),
        groups::vectors(),
        lookups::vectors(),
        upkeep::vectors(),
    ]
    .concat()
}

fn vector(name: &str, title: &str, message: &Message<'_>) -> Vector {
    with_expect(name, title, message, Expect::Valid)
}

fn with_expect(name: &str, title: &str, message: &Message<'_>, expect: Expect) -> Vector {
    let title = format!("{}: {title}", message.name());
    Vector {
        folder: "message",
        name: name.into(),
        title,
        expect,
        bytes: message.encode(),
    }
}
