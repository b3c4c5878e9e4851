//! From bytes to a message.

use alloc::format;

use super::{Message, number};
use crate::{
    DecodeError, DecodeErrorKind as Kind, Hello, MAX_REJECT_TEXT, RejectCode, Signed,
    cbor::reader::Reader,
};

impl<'a> Message<'a> {
    /// Reads one message from exactly these bytes, the content of a frame.
    ///
    /// Signatures are not verified here, see [`Signed::verify`].
    ///
    /// # Errors
    /// When the bytes are not the deterministic encoding of a message of this version; a message of
    /// an unknown type is [`DecodeErrorKind::UnknownType`](crate::DecodeErrorKind::UnknownType).
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, 0)?;
        let count = reader.array("message", 1..=u64::MAX, "an array that begins with a type")?;
        let at = reader.offset();
        let kind = reader.uint("message type")?;
        let (name, expected) = form(kind).ok_or_else(|| unknown_type(at, kind))?;
        if count != expected.0 {
            let found = format!("an array of {count}");
            return Err(DecodeError::new(Kind::Length, 0, expected.1, found).in_field(name));
        }
        match kind {
            number::HELLO => Hello::read(&mut reader).map(Self::Hello),
            number::DELIVER => read_deliver(&mut reader),
            number::REJECT => read_reject(&mut reader),
            _ => read_request(&mut reader, kind),
        }
    }
}

/// The name of a message type, and how many elements its array has.
fn form(kind: u64) -> Option<(&'static str, (u64, &'static str))> {
    Some(match kind {
        number::HELLO => ("hello", (6, "an array of 6")),
        number::LISTEN => ("listen", (3, "an array of 3")),
        number::UNLISTEN => ("unlisten", (3, "an array of 3")),
        number::SEND => ("send", (4, "an array of 4")),
        number::DELIVER => ("deliver", (4, "an array of 4")),
        number::ACCEPT => ("accept", (2, "an array of 2")),
        number::REJECT => ("reject", (4, "an array of 4")),
        number::LOOKUP => ("lookup", (3, "an array of 3")),
        number::FOUND => ("found", (3, "an array of 3")),
        _ => return None,
    })
}

fn unknown_type(at: usize, kind: u64) -> DecodeError {
    let found = format!("{kind}");
    DecodeError::new(Kind::UnknownType, at, "0 to 8", found).in_field("message type")
}

/// Reads a message that begins with its request, and notes the request in an error after it.
fn read_request<'a>(reader: &mut Reader<'a>, kind: u64) -> Result<Message<'a>, DecodeError> {
    let request = reader.uint("request")?;
    let message = match kind {
        number::LISTEN => Signed::read(reader).map(|record| Message::Listen { request, record }),
        number::UNLISTEN => Signed::read(reader).map(|withdrawal| Message::Unlisten {
            request,
            withdrawal,
        }),
        number::SEND => read_send(reader, request),
        number::LOOKUP => reader
            .identity("identity")
            .map(|identity| Message::Lookup { request, identity }),
        number::FOUND => Signed::read(reader).map(|record| Message::Found { request, record }),
        _ => Ok(Message::Accept { request }),
    };
    message.map_err(|error| error.of_request(request))
}

fn read_send<'a>(reader: &mut Reader<'a>, request: u64) -> Result<Message<'a>, DecodeError> {
    let to = reader.identity("recipient")?;
    let body = reader.bytes("body")?;
    Ok(Message::Send { request, to, body })
}

fn read_deliver<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, DecodeError> {
    let from = reader.identity("sender")?;
    let request = reader.uint("request")?;
    let body = reader
        .bytes("body")
        .map_err(|error| error.of_request(request))?;
    Ok(Message::Deliver {
        from,
        request,
        body,
    })
}

fn read_reject<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, DecodeError> {
    let request = reader.uint_or_null("request")?;
    let code = RejectCode::from_u64(reader.uint("reject code")?);
    let (at, field) = (reader.offset(), "reject text");
    let text = reader.text(field, 0..=MAX_REJECT_TEXT, "a text of at most 512 bytes")?;
    if text.chars().any(char::is_control) {
        let expected = "a text without control characters";
        return Err(DecodeError::new(Kind::Value, at, expected, "one with them").in_field(field));
    }
    Ok(Message::Reject {
        request,
        code,
        text,
    })
}
