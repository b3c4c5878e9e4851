//! Bytes that every implementation must refuse, a case for each rule.

mod answers;
mod bindings;
mod bodies;
mod encodings;
mod groups;
mod hellos;
mod lookups;
mod ranges;
mod shapes;
mod statements;
mod upkeep;

use tuyau_wire::Message;

use super::{
    Expect, Vector,
    build::{self, Item, array, bytes, negative, null, text, uint},
    keys,
};

pub fn vectors() -> Vec<Vector> {
    [
        encodings::vectors(),
        shapes::vectors(),
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

/// A case. Its kind is stated here; the offset is the decoder's, and stands in the file from then
/// on, where a change of it is seen.
fn vector(name: &str, title: &str, kind: &str, item: Item) -> Vector {
    let offset = Message::decode(&item).err().map(|error| error.offset());
    let expect = Expect::Refused {
        kind: kind.into(),
        offset,
    };
    Vector {
        folder: "message",
        name: name.into(),
        title: title.into(),
        expect,
        bytes: item,
    }
}

fn alice() -> Item {
    bytes(keys::alice().identity().as_bytes())
}

fn bob() -> Item {
    bytes(keys::bob().identity().as_bytes())
}

fn group() -> Item {
    bytes(keys::group().identity().as_bytes())
}

/// A statement with a signature of zeros, which is enough to be decoded.
fn signed(statement: &[u8]) -> Item {
    array(&[bytes(statement), bytes(&[0; 64])])
}

fn reject(text: Item) -> Item {
    array(&[uint(11), uint(1), uint(15), text])
}

/// What must not stand where an identity is expected: what is wrong, the kind and the item.
fn no_identities() -> Vec<(&'static str, &'static str, &'static str, Item)> {
    let first = |byte: u8| [&[byte][..], &[0; 31]].concat();
    let second = [&[0xf0][..], &[0xff; 30], &[0x7f]].concat();
    let printed = text(&keys::bob().identity().to_string());
    vec![
        ("31", "an identity of 31 bytes", "length", bytes(&[1; 31])),
        ("33", "an identity of 33 bytes", "length", bytes(&[1; 33])),
        ("text", "an identity as text", "type", printed),
        (
            "no-point",
            "an identity that is no point",
            "identity",
            bytes(&first(2)),
        ),
        (
            "weak",
            "an identity of low order",
            "identity",
            bytes(&first(1)),
        ),
        (
            "second",
            "the second encoding of a point",
            "identity",
            bytes(&second),
        ),
    ]
}

/// What must not stand where a number is expected.
fn no_numbers() -> Vec<(&'static str, &'static str, Item)> {
    vec![
        ("null", "null for the", null()),
        ("negative", "one below zero for the", negative(1)),
        ("text", "a text for the", text("1")),
    ]
}

/// A case for each element of a message that is a number, with each thing that is none there.
fn wrong_numbers(message: &str, number: u64, elements: &[(&str, Item)]) -> Vec<Vector> {
    let mut vectors = Vec::new();
    for (place, (field, item)) in elements.iter().enumerate() {
        if item.first().is_none_or(|first| first >> 5 != 0) {
            continue;
        }
        for (what, title, wrong) in no_numbers() {
            let mut items = vec![uint(number)];
            items.extend(elements.iter().map(|(_, item)| item.clone()));
            items[place + 1] = wrong;
            let name = format!("{message}-{field}-{what}");
            let title = format!("{message}: {title} {field}");
            vectors.push(vector(&name, &title, "type", array(&items)));
        }
    }
    vectors
}
