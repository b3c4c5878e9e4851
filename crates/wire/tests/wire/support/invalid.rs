//! Bytes that every implementation must refuse, a case for each rule.

mod answers;
mod bodies;
mod build;
mod encodings;
mod hellos;
mod lookups;
mod shapes;
mod statements;

use tuyau_wire::Message;

use super::{Expect, Vector, keys};
use build::{Item, array, bytes, uint};

pub fn vectors() -> Vec<Vector> {
    [
        encodings::vectors(),
        shapes::vectors(),
        hellos::vectors(),
        statements::vectors(),
        bodies::vectors(),
        lookups::vectors(),
        answers::vectors(),
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

fn reject(text: Item) -> Item {
    array(&[uint(6), uint(1), uint(15), text])
}
