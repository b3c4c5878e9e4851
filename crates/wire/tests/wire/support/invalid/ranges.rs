//! What a message about a range must not look like.

use super::{
    Vector,
    build::{Item, array, uint},
    vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for (message, number, first) in [
        ("acknowledge", 9, "handle"),
        ("receipt", 10, "level"),
        ("missed", 23, "handle"),
    ] {
        let fields = [(first, uint(1)), ("first", uint(1)), ("last", uint(2))];
        vectors.extend(wrong_numbers(message, number, &fields));
        vectors.extend(backwards(message, number));
    }
    let receipt = |level: Item| array(&[uint(10), level, uint(1), uint(1)]);
    vectors.push(vector(
        "receipt-level-0",
        "a receipt of none",
        "value",
        receipt(uint(0)),
    ));
    vectors.push(vector(
        "receipt-level-4",
        "a level that is not known",
        "value",
        receipt(uint(4)),
    ));
    vectors
}

fn backwards(message: &str, number: u64) -> [Vector; 2] {
    let of = |first, last| array(&[uint(number), uint(1), uint(first), uint(last)]);
    let name = |end: &str| format!("{message}-{end}");
    [
        vector(&name("backwards"), "a range from 2 to 1", "value", of(2, 1)),
        vector(
            &name("backwards-far"),
            "from the last number to the first",
            "value",
            of(u64::MAX, 0),
        ),
    ]
}
