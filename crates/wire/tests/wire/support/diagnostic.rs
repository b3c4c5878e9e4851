//! CBOR's diagnostic notation (RFC 8949 section 8), for a person who reads an example.

use minicbor::{Decoder, data::Type};

/// A whole data item; a byte string that holds a statement is shown as `<< >>`.
pub fn notation(bytes: &[u8]) -> String {
    let mut decoder = Decoder::new(bytes);
    let text = item(&mut decoder);
    assert_eq!(decoder.position(), bytes.len(), "one item");
    text
}

fn item(decoder: &mut Decoder<'_>) -> String {
    match decoder.datatype().unwrap() {
        Type::Array => {
            let count = decoder.array().unwrap().unwrap();
            let items: Vec<_> = (0..count).map(|_| item(decoder)).collect();
            format!("[{}]", items.join(", "))
        }
        Type::Map => {
            let count = decoder.map().unwrap().unwrap();
            let entries: Vec<_> = (0..count)
                .map(|_| format!("{}: {}", item(decoder), item(decoder)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Type::Bytes => byte_string(decoder.bytes().unwrap()),
        Type::String => format!("{:?}", decoder.str().unwrap()),
        Type::Null => {
            decoder.null().unwrap();
            "null".into()
        }
        Type::Bool => decoder.bool().unwrap().to_string(),
        _ => decoder.u64().unwrap().to_string(),
    }
}

fn byte_string(content: &[u8]) -> String {
    let is_array = content.first().is_some_and(|first| first >> 5 == 4);
    if is_array && tuyau_wire::cbor::check(content).is_ok() {
        return format!("<<{}>>", notation(content));
    }
    let printable = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\'';
    match std::str::from_utf8(content) {
        Ok(text) if content.iter().all(printable) => format!("'{text}'"),
        _ => {
            let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("h'{hex}'")
        }
    }
}
