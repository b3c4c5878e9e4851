//! From bytes to a message.

use alloc::format;

use super::{Message, form};
use crate::{
    Announcement, Binding, DecodeError, DecodeErrorKind as Kind, Hello, Level, MAX_REJECT_TEXT,
    RejectCode, Signed, binding::read_grant, cbor::reader::Reader, record::read_printed_routes,
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
        let number = reader.uint("message type")?;
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let form = form::FORMS
            .get(index)
            .ok_or_else(|| unknown_type(at, number))?;
        if count != form.count {
            let found = format!("an array of {count}");
            let error = DecodeError::new(Kind::Length, 0, form.expected(), found);
            return Err(error.in_field(form.name));
        }
        match index {
            form::HELLO => Hello::read(&mut reader).map(Self::Hello),
            form::REJECT => read_reject(&mut reader),
            form::LISTEN
            | form::UNLISTEN
            | form::BIND
            | form::JOIN
            | form::LEAVE
            | form::DECLARE
            | form::LOOKUP => read_request(&mut reader, index),
            form::SEND | form::DELIVER | form::REDELIVER | form::REPLY | form::REPLIED => {
                read_body(&mut reader, index)
            }
            _ => read_other(&mut reader, index),
        }
    }
}

fn unknown_type(at: usize, number: u64) -> DecodeError {
    let found = format!("{number}");
    DecodeError::new(Kind::UnknownType, at, "0 to 23", found).in_field("message type")
}

/// Reads a message that begins with its own sequence number, and notes that in an error after it.
fn read_request<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Message<'a>, DecodeError> {
    let sequence = reader.uint("sequence")?;
    let message = match index {
        form::LISTEN => Signed::read(reader).map(|record| Message::Listen { sequence, record }),
        form::UNLISTEN => Signed::read(reader).map(|withdrawal| Message::Unlisten {
            sequence,
            withdrawal,
        }),
        form::BIND => read_bind(reader, sequence),
        form::JOIN => read_join(reader, sequence),
        form::LEAVE => reader
            .identity("group")
            .map(|group| Message::Leave { sequence, group }),
        form::DECLARE => Signed::read(reader).map(|rules| Message::Declare { sequence, rules }),
        _ => reader
            .identity("identity")
            .map(|identity| Message::Lookup { sequence, identity }),
    };
    message.map_err(|error| error.of_sequence(sequence))
}

fn read_bind<'a>(reader: &mut Reader<'a>, sequence: u64) -> Result<Message<'a>, DecodeError> {
    Ok(Message::Bind {
        sequence,
        handle: reader.uint("handle")?,
        binding: Binding::read(reader)?,
    })
}

fn read_join<'a>(reader: &mut Reader<'a>, sequence: u64) -> Result<Message<'a>, DecodeError> {
    Ok(Message::Join {
        sequence,
        group: reader.identity("group")?,
        durable: reader.bool("durable")?,
        grant: read_grant(reader)?,
    })
}

/// Reads a message that carries a body.
fn read_body<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Message<'a>, DecodeError> {
    let handle = match index {
        form::REPLIED => 0,
        _ => reader.uint("handle")?,
    };
    let sequence = reader.uint("sequence")?;
    let body = reader.bytes("body").map_err(|error| match index {
        form::SEND => error.of_sequence(sequence),
        _ => error,
    })?;
    Ok(match index {
        form::SEND => Message::Send {
            handle,
            sequence,
            body,
        },
        form::DELIVER => Message::Deliver {
            handle,
            sequence,
            body,
        },
        form::REDELIVER => Message::Redeliver {
            handle,
            sequence,
            body,
        },
        form::REPLY => Message::Reply {
            handle,
            sequence,
            body,
        },
        _ => Message::Replied { sequence, body },
    })
}

/// Reads a message that no answer names.
fn read_other<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Message<'a>, DecodeError> {
    Ok(match index {
        form::UNBIND => Message::Unbind {
            handle: reader.uint("handle")?,
        },
        form::ANNOUNCE => Message::Announce {
            handle: reader.uint("handle")?,
            announcement: Announcement::read(reader)?,
        },
        form::ACKNOWLEDGE => {
            let (handle, (first, last)) = (reader.uint("handle")?, read_range(reader)?);
            Message::Acknowledge {
                handle,
                first,
                last,
            }
        }
        form::MISSED => {
            let (handle, (first, last)) = (reader.uint("handle")?, read_range(reader)?);
            Message::Missed {
                handle,
                first,
                last,
            }
        }
        form::RECEIPT => {
            let (level, (first, last)) = (Level::read_reached(reader)?, read_range(reader)?);
            Message::Receipt { level, first, last }
        }
        form::CREDIT => Message::Credit {
            handle: reader.uint("handle")?,
            limit: reader.uint("limit")?,
        },
        form::FOUND => Message::Found {
            sequence: reader.uint("sequence")?,
            record: Signed::read(reader)?,
        },
        form::PING => Message::Ping {
            token: reader.uint("token")?,
        },
        form::PONG => Message::Pong {
            token: reader.uint("token")?,
        },
        _ => Message::Drain {
            milliseconds: reader.uint("milliseconds")?,
            routes: read_printed_routes(reader)?,
        },
    })
}

/// Reads the first and the last number of a range.
fn read_range(reader: &mut Reader<'_>) -> Result<(u64, u64), DecodeError> {
    let first = reader.uint("first of the range")?;
    let (at, field) = (reader.offset(), "last of the range");
    let last = reader.uint(field)?;
    if last < first {
        let found = format!("{last}, which is before the first, {first}");
        let expected = "a number not less than the first";
        return Err(DecodeError::new(Kind::Value, at, expected, found).in_field(field));
    }
    Ok((first, last))
}

fn read_reject<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, DecodeError> {
    let sequence = reader.uint_or_null("sequence")?;
    let code = RejectCode::from_u64(reader.uint("reject code")?);
    let (at, field) = (reader.offset(), "reject text");
    let text = reader.text(field, 0..=MAX_REJECT_TEXT, "a text of at most 512 bytes")?;
    if text.chars().any(char::is_control) {
        let expected = "a text without control characters";
        return Err(DecodeError::new(Kind::Value, at, expected, "one with them").in_field(field));
    }
    Ok(Message::Reject {
        sequence,
        code,
        text,
    })
}
