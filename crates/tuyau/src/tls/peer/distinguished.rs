//! The names in a certificate as text, bounded and without what could pass for something else.

use super::der::{Der, tag};

/// How many attributes of a name are kept.
const ATTRIBUTES: usize = 8;

/// How many bytes of one text are kept.
const LONGEST: usize = 128;

/// Stands where something was left out. What a text itself has of it is escaped.
const LEFT_OUT: char = '…';

/// The attributes of a name that people know, after the names that RFC 4514, section 3, gives them and
/// in the order of the certificate: at most eight, and `…` behind them when there are more.
pub(super) fn distinguished_name(sequence: &[u8]) -> Box<str> {
    let mut text = String::new();
    let sets = Der(sequence).filter(|(tag, _)| *tag == tag::SET);
    let sets = sets.map(|(_, set)| Der(set).filter_map(|(_, attribute)| known(attribute)));
    let attributes = sets.flat_map(|set| set.enumerate());
    for (number, (place, (kind, value))) in attributes.enumerate() {
        // Those of one set belong together (RFC 4514, section 2.2).
        let between = if place == 0 { ", " } else { "+" };
        text += if number == 0 { "" } else { between };
        if number == ATTRIBUTES {
            text.push(LEFT_OUT);
            break;
        }
        text += &format!("{kind}={}", printable(value));
    }
    text.into()
}

/// The name and the value of an attribute.
fn known(attribute: &[u8]) -> Option<(&'static str, &[u8])> {
    let mut attribute = Der(attribute);
    let kind = match attribute.expect(tag::OBJECT)? {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        _ => return None,
    };
    let (_, value) = attribute.element()?;
    Some((kind, value))
}

/// A text of the peer's choice, made harmless as RFC 4514, section 2.4, has it: a backslash stands
/// before what separates, and before the two digits of each byte of what cannot be seen. What is
/// longer than 128 bytes ends in `…`.
pub(super) fn printable(bytes: &[u8]) -> String {
    let kept = &bytes[..bytes.len().min(LONGEST)];
    let value = String::from_utf8_lossy(kept);
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::new();
    for (place, character) in value.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            ' ' | '#' if place == 0 => text.extend(['\\', character]),
            ' ' if place == last => text += "\\ ",
            '\'' => text.push(character),
            LEFT_OUT => push_digits(&mut text, character),
            _ if character.escape_debug().len() > 1 => push_digits(&mut text, character),
            _ => text.push(character),
        }
    }
    if kept.len() < bytes.len() {
        text.push(LEFT_OUT);
    }
    text
}

fn push_digits(text: &mut String, character: char) {
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        *text += &format!("\\{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    fn attribute(kind: u8, value: &[u8]) -> Vec<u8> {
        let kind = element(tag::OBJECT, &[0x55, 4, kind]);
        element(tag::SEQUENCE, &[kind, element(0x0c, value)].concat())
    }

    fn set(attributes: &[Vec<u8>]) -> Vec<u8> {
        element(tag::SET, &attributes.concat())
    }

    #[test]
    fn a_name_says_its_attributes_in_their_order() {
        let host = [attribute(3, b"a.example"), attribute(11, b"hosts")];
        let name = [
            set(&[attribute(6, b"CH")]),
            set(&[attribute(99, b"unknown")]),
            set(&host),
        ];
        let text = distinguished_name(&name.concat());
        assert_eq!(&*text, "C=CH, CN=a.example+OU=hosts");
    }

    /// Bad input: a value that looks like more attributes.
    #[test]
    fn a_value_cannot_pass_for_another_attribute() {
        let value = b"me, O=You+C=CH; \"<it>\" \\";
        let text = distinguished_name(&set(&[attribute(3, value)]));
        assert_eq!(&*text, r#"CN=me\, O=You\+C=CH\; \"\<it\>\" \\"#);
    }

    /// Bad input: a name without an end.
    #[test]
    fn what_is_kept_of_a_name_is_bounded() {
        let name = vec![set(&[attribute(10, &[b'x'; 500])]); 1000];
        let text = distinguished_name(&name.concat());
        let one = format!("O={}…, ", "x".repeat(LONGEST));
        assert_eq!(&*text, one.repeat(ATTRIBUTES) + "…");
    }

    #[test]
    fn what_cannot_be_seen_or_stands_at_the_edge_is_escaped() {
        for (value, expected) in [
            ("Société d'été", "Société d'été"),
            (" edge ", "\\ edge\\ "),
            (" ", "\\ "),
            ("#1 #2", "\\#1 #2"),
            ("a\nb\u{1b}[0m\0", "a\\0Ab\\1B[0m\\00"),
            ("a\u{202e}b", "a\\E2\\80\\AEb"),
            ("more…", "more\\E2\\80\\A6"),
        ] {
            assert_eq!(printable(value.as_bytes()), expected);
        }
        assert_eq!(printable(b"\xff"), "\u{fffd}");
    }
}
