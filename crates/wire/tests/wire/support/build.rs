//! Encoded data items, put together from smaller ones.

use minicbor::Encoder;

/// The encoding of a data item, or bytes that are none.
pub type Item = Vec<u8>;

pub fn raw(bytes: &[u8]) -> Item {
    bytes.into()
}

pub fn uint(number: u64) -> Item {
    let mut encoder = Encoder::new(Vec::new());
    encoder.u64(number).unwrap();
    encoder.into_writer()
}

/// The number that is `magnitude` below zero.
pub fn negative(magnitude: i64) -> Item {
    let mut encoder = Encoder::new(Vec::new());
    encoder.i64(-magnitude).unwrap();
    encoder.into_writer()
}

pub fn bytes(content: &[u8]) -> Item {
    let mut encoder = Encoder::new(Vec::new());
    encoder.bytes(content).unwrap();
    encoder.into_writer()
}

pub fn text(content: &str) -> Item {
    let mut encoder = Encoder::new(Vec::new());
    encoder.str(content).unwrap();
    encoder.into_writer()
}

pub fn null() -> Item {
    vec![0xf6]
}

pub fn array(items: &[Item]) -> Item {
    let mut encoder = Encoder::new(Vec::new());
    encoder.array(items.len() as u64).unwrap();
    let mut array = encoder.into_writer();
    array.extend(items.concat());
    array
}

pub fn boolean(value: bool) -> Item {
    vec![0xf4 + u8::from(value)]
}

pub fn map(entries: &[(Item, Item)]) -> Item {
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(entries.len() as u64).unwrap();
    let mut map = encoder.into_writer();
    for (key, value) in entries {
        map.extend(key);
        map.extend(value);
    }
    map
}
