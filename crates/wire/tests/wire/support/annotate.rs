//! Hex with a comment on each data item, for a person who implements the protocol.

use std::fmt::Write as _;

use minicbor::{Decoder, data::Type};

/// Where comments begin, in columns.
const COMMENT: usize = 57;

/// How many bytes stand on a line.
const WIDTH: usize = 16;

/// Bytes that are no message: lines of hex alone.
pub fn plain(bytes: &[u8], out: &mut String) {
    for line in bytes.chunks(WIDTH) {
        writeln!(out, "{}", hex(line)).unwrap();
    }
}

/// A whole data item, a line for each part.
pub fn items(bytes: &[u8], out: &mut String) {
    let mut decoder = Decoder::new(bytes);
    item(&mut decoder, 0, out);
    assert_eq!(decoder.position(), bytes.len(), "one item");
}

fn item(decoder: &mut Decoder<'_>, depth: usize, out: &mut String) {
    let start = decoder.position();
    match decoder.datatype().unwrap() {
        Type::Array => {
            let count = decoder.array().unwrap().unwrap();
            line(
                since(decoder, start),
                depth,
                &format!("array of {count}"),
                out,
            );
            for _ in 0..count {
                item(decoder, depth + 1, out);
            }
        }
        Type::Bytes => {
            let content = decoder.bytes().unwrap();
            let head = &since(decoder, start)[..decoder.position() - start - content.len()];
            byte_string(head, content, depth, out);
        }
        Type::String => {
            let text = decoder.str().unwrap();
            lines(since(decoder, start), depth, &quoted(text), out);
        }
        Type::Map => {
            let count = decoder.map().unwrap().unwrap();
            line(
                since(decoder, start),
                depth,
                &format!("map of {count}"),
                out,
            );
            for _ in 0..2 * count {
                item(decoder, depth + 1, out);
            }
        }
        Type::Null => {
            decoder.null().unwrap();
            line(since(decoder, start), depth, "null", out);
        }
        Type::Bool => {
            let value = decoder.bool().unwrap();
            line(since(decoder, start), depth, &value.to_string(), out);
        }
        _ => {
            let number = decoder.u64().unwrap();
            line(since(decoder, start), depth, &number.to_string(), out);
        }
    }
}

fn byte_string(head: &[u8], content: &[u8], depth: usize, out: &mut String) {
    let comment = format!("bytes, {}", content.len());
    let encoded = content.first().is_some_and(|first| first >> 5 == 4);
    if encoded && tuyau_wire::cbor::check(content).is_ok() {
        line(head, depth, &format!("{comment}, which hold"), out);
        item(&mut Decoder::new(content), depth + 1, out);
    } else {
        lines(&[head, content].concat(), depth, &comment, out);
    }
}

fn since<'a>(decoder: &Decoder<'a>, start: usize) -> &'a [u8] {
    &decoder.input()[start..decoder.position()]
}

fn quoted(text: &str) -> String {
    let short: String = text.chars().take(24).collect();
    if short.len() < text.len() {
        format!("{short:?}…, {} bytes", text.len())
    } else {
        format!("{short:?}")
    }
}

/// Bytes that may take several lines; the first has the comment.
fn lines(bytes: &[u8], depth: usize, comment: &str, out: &mut String) {
    let mut chunks = bytes.chunks(WIDTH);
    line(chunks.next().unwrap_or_default(), depth, comment, out);
    for chunk in chunks {
        writeln!(out, "{:indent$}{}", "", hex(chunk), indent = 2 * depth).unwrap();
    }
}

fn line(bytes: &[u8], depth: usize, comment: &str, out: &mut String) {
    let left = format!("{:indent$}{}", "", hex(bytes), indent = 2 * depth);
    writeln!(
        out,
        "{left:COMMENT$}  # {:indent$}{comment}",
        "",
        indent = 2 * depth
    )
    .unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}
