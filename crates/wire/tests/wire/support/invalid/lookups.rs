//! What a lookup or a found must not look like.

use super::{
    Vector, alice,
    build::{array, bytes, null, text, uint},
    vector,
};
use crate::support::keys;

pub fn vectors() -> Vec<Vector> {
    let record = array(&[
        alice(),
        uint(1),
        array(&[text("mem://x")]),
        uint(1_900_000_000),
    ]);
    let signed = array(&[bytes(&record), bytes(&[0; 64])]);
    let identity = keys::bob().identity().to_string();
    vec![
        vector(
            "lookup-no-identity",
            "a question for nobody",
            "length",
            array(&[uint(7), uint(1)]),
        ),
        vector(
            "lookup-identity-text",
            "an identity as text",
            "type",
            array(&[uint(7), uint(1), text(&identity)]),
        ),
        vector(
            "lookup-identity-31",
            "an identity of 31 bytes",
            "length",
            array(&[uint(7), uint(1), bytes(&[1; 31])]),
        ),
        vector(
            "lookup-request-null",
            "a request that is null",
            "type",
            array(&[uint(7), null(), alice()]),
        ),
        vector(
            "found-nothing",
            "no record",
            "type",
            array(&[uint(8), uint(1), null()]),
        ),
        vector(
            "found-record-alone",
            "a record without signature",
            "length",
            array(&[uint(8), uint(1), array(&[bytes(&record)])]),
        ),
        vector(
            "found-two",
            "two records",
            "length",
            array(&[uint(8), uint(1), signed.clone(), signed]),
        ),
    ]
}
