//! What else can stand where a frame should.

use alloc::{format, string::String};

use super::{FindingKind, value::printable};
use crate::cbor::head;

/// How many characters of a foreign text are quoted.
const QUOTED: usize = 40;

/// Recognises what begins here, if it is something that is often found there.
pub(super) fn recognise(bytes: &[u8]) -> Option<(FindingKind, String)> {
    if let Some(found) = tls(bytes) {
        return Some((FindingKind::Tls, found));
    }
    if let Some(line) = text(bytes) {
        let kind = match is_http(&line) {
            true => FindingKind::Http,
            false => FindingKind::Text,
        };
        return Some((kind, format!("the text {line:?}")));
    }
    let first = *bytes.first()?;
    let small_type = bytes.get(1).is_some_and(|&second| second < 24);
    if first >> 5 == head::ARRAY && matches!(first & 0x1f, 2..=9) && small_type {
        let found = format!("an array of {}, such as a message", first & 0x1f);
        return Some((FindingKind::Unframed, found));
    }
    None
}

/// A record of TLS (RFC 8446, section 5.1): its type, a version that is 3 and something, a length.
fn tls(bytes: &[u8]) -> Option<String> {
    let (&[kind, 3, minor, high, low], _) = bytes.split_first_chunk::<5>()? else {
        return None;
    };
    let name = match kind {
        20 => "a change of the cipher",
        21 => "an alert",
        22 => "a part of the handshake",
        23 => "encrypted data",
        _ => return None,
    };
    let length = u16::from_be_bytes([high, low]);
    // Encryption adds at most 256 bytes to the 16,384 of a record.
    (minor <= 4 && length <= 16_640).then(|| format!("a TLS record of {length} bytes with {name}"))
}

/// The first line of a text, shortened.
fn text(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(QUOTED)];
    // A character may be cut at the end.
    let whole = match core::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    };
    let text = printable(whole).filter(|text| !text.trim().is_empty())?;
    let line = text.trim_start().lines().next().unwrap_or_default();
    let characters = line.chars().count();
    let ascii = line.chars().filter(char::is_ascii).count();
    (characters >= 2 && 2 * ascii > characters).then(|| line.into())
}

fn is_http(line: &str) -> bool {
    let methods = [
        "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "TRACE ",
        "PRI ",
    ];
    line.starts_with("HTTP/") || methods.iter().any(|method| line.starts_with(method))
}
