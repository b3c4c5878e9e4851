//! Not well-formed, or not deterministic.

use super::{
    Vector,
    build::{Item, array, bytes, raw, text, uint},
    reject, vector,
};

pub fn vectors() -> Vec<Vector> {
    let deep = [vec![0x82, 0x14], vec![0x81; 16], vec![0x00]].concat();
    vec![
        vector("empty", "no bytes", "truncated", raw(&[])),
        vector(
            "truncated",
            "an element is missing",
            "truncated",
            raw(&[0x82, 0x14]),
        ),
        vector(
            "truncated-number",
            "half a number",
            "truncated",
            raw(&[0x82, 0x14, 0x19, 0x01]),
        ),
        vector("truncated-body", "half a body", "truncated", half_body()),
        vector(
            "huge-array",
            "more elements than bytes",
            "truncated",
            raw(&[0x9a, 255, 255, 255, 255]),
        ),
        vector(
            "trailing",
            "a byte after the message",
            "trailing",
            raw(&[0x82, 0x14, 0x01, 0x00]),
        ),
        vector(
            "indefinite-array",
            "an array without count",
            "indefinite",
            raw(&[0x9f, 0x14, 0x01, 0xff]),
        ),
        vector(
            "indefinite-body",
            "a body in chunks",
            "indefinite",
            array(&[uint(5), uint(0), uint(1), raw(&[0x5f, 0x41, 0x00, 0xff])]),
        ),
        vector(
            "indefinite-text",
            "a text in chunks",
            "indefinite",
            reject(raw(&[0x7f, 0x61, 0x78, 0xff])),
        ),
        vector(
            "not-shortest-type",
            "the type in two bytes",
            "not-shortest",
            raw(&[0x82, 0x18, 0x14, 0x01]),
        ),
        vector(
            "not-shortest-count",
            "the count in two bytes",
            "not-shortest",
            raw(&[0x98, 0x02, 0x14, 0x01]),
        ),
        vector(
            "not-shortest-number",
            "255 in three bytes",
            "not-shortest",
            raw(&[0x82, 0x14, 0x19, 0x00, 0xff]),
        ),
        vector(
            "not-shortest-long",
            "65,535 in five bytes",
            "not-shortest",
            raw(&[0x82, 0x14, 0x1a, 0, 0, 0xff, 0xff]),
        ),
        vector(
            "not-shortest-longest",
            "2^32 - 1 in nine bytes",
            "not-shortest",
            raw(&[0x82, 0x14, 0x1b, 0, 0, 0, 0, 255, 255, 255, 255]),
        ),
        vector(
            "not-shortest-body",
            "the length of a body in two bytes",
            "not-shortest",
            array(&[uint(5), uint(0), uint(1), raw(&[0x58, 0x01, 0x00])]),
        ),
        vector(
            "reserved",
            "additional information 30",
            "reserved",
            raw(&[0x82, 0x14, 0x1e]),
        ),
        vector(
            "break",
            "a break that ends nothing",
            "indefinite",
            raw(&[0x82, 0x14, 0xff]),
        ),
        vector(
            "tag",
            "a tagged number",
            "unsupported",
            raw(&[0x82, 0x14, 0xc1, 0x01]),
        ),
        vector(
            "float",
            "a floating-point number",
            "unsupported",
            raw(&[0x82, 0x14, 0xf9, 0x3c, 0x00]),
        ),
        vector(
            "undefined",
            "the value undefined",
            "unsupported",
            raw(&[0x82, 0x14, 0xf7]),
        ),
        vector(
            "simple",
            "a simple value",
            "unsupported",
            raw(&[0x82, 0x14, 0xf8, 0xff]),
        ),
        vector(
            "not-shortest-handle",
            "a handle of a deliver in two bytes",
            "not-shortest",
            array(&[uint(7), raw(&[0x18, 0x05]), uint(1), bytes(b"x")]),
        ),
        vector(
            "not-shortest-body-longest",
            "the length of a body in nine bytes",
            "not-shortest",
            array(&[
                uint(7),
                uint(1),
                uint(1),
                raw(&[0x5b, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
            ]),
        ),
        vector(
            "body-trailing",
            "a byte after the body",
            "trailing",
            [array(&[uint(7), uint(1), uint(1), bytes(b"x")]), vec![0x00]].concat(),
        ),
        vector(
            "body-huge",
            "a body longer than anything",
            "truncated",
            array(&[
                uint(7),
                uint(1),
                uint(1),
                raw(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]),
            ]),
        ),
        vector("depth", "17 arrays in one another", "depth", deep),
        vector(
            "key-order",
            "a map with its keys unsorted",
            "key-order",
            raw(&[0x82, 0x14, 0xa2, 0x02, 0x00, 0x01, 0x00]),
        ),
        vector(
            "key-twice",
            "a map with a key twice",
            "key-order",
            raw(&[0x82, 0x14, 0xa2, 0x01, 0x00, 0x01, 0x00]),
        ),
        vector(
            "utf-8",
            "a text that is not UTF-8",
            "utf-8",
            reject(raw(&[0x62, 0xc3, 0x28])),
        ),
        vector(
            "utf-8-surrogate",
            "half of a surrogate pair",
            "utf-8",
            reject(raw(&[0x63, 0xed, 0xa0, 0x80])),
        ),
    ]
}

fn half_body() -> Item {
    let mut whole = array(&[uint(5), uint(0), uint(1), bytes(b"hi there")]);
    whole.truncate(whole.len() - 4);
    whole
}
