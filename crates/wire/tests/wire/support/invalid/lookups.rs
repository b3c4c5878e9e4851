//! What a lookup or a found must not look like.

use super::{
    Vector, alice,
    build::{array, bytes, null, text, uint},
    no_identities, signed, vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    let record = array(&[
        alice(),
        uint(1),
        array(&[text("mem://x")]),
        uint(1_900_000_000),
    ]);
    let signed = signed(&record);
    let mut vectors = vec![
        vector(
            "found-nothing",
            "no record",
            "type",
            array(&[uint(19), uint(1), null()]),
        ),
        vector(
            "found-record-alone",
            "a record without signature",
            "length",
            array(&[uint(19), uint(1), array(&[bytes(&record)])]),
        ),
        vector(
            "found-two",
            "two records",
            "length",
            array(&[uint(19), uint(1), signed.clone(), signed]),
        ),
    ];
    for (what, title, kind, item) in no_identities() {
        let lookup = array(&[uint(18), uint(1), item]);
        vectors.push(vector(
            &format!("lookup-identity-{what}"),
            title,
            kind,
            lookup,
        ));
    }
    vectors.extend(wrong_numbers(
        "lookup",
        18,
        &[("sequence", uint(1)), ("identity", alice())],
    ));
    vectors.extend(wrong_numbers(
        "found",
        19,
        &[("sequence", uint(1)), ("record", null())],
    ));
    vectors
}
