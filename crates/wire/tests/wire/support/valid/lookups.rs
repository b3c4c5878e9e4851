//! Questions for a record, and their answers.

use tuyau_wire::{Message, Signed};

use super::{
    Expect, Vector, keys,
    statements::{largest, record},
    vector, with_expect,
};

pub fn vectors() -> Vec<Vector> {
    let forged = Signed::from_parts(record(1).bytes(), [0; 64]).unwrap();
    let identity = keys::alice().identity();
    let lookup = |sequence| Message::Lookup { sequence, identity };
    let found = |sequence, record| Message::Found { sequence, record };
    vec![
        vector("lookup", "where is alice", &lookup(6)),
        vector("lookup-last", "the last number", &lookup(u64::MAX)),
        vector("found", "what answers lookup", &found(6, record(1))),
        vector(
            "found-largest",
            "everything at its bound",
            &found(u64::MAX, largest()),
        ),
        with_expect(
            "found-zero-signature",
            "a record that alice did not sign",
            &found(6, forged),
            Expect::BadSignature,
        ),
    ]
}
