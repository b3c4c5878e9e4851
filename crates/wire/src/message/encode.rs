//! From a message to bytes.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::convert::Infallible;

use minicbor::{Encoder, encode};

use super::{Message, form};
use crate::{MAX_REJECT_TEXT, binding::write_grant, record::write_routes};

/// What an encoder returns that cannot fail for want of room.
type Written = Result<(), encode::Error<Infallible>>;

impl Message<'_> {
    /// How many bytes [`encode`](Self::encode) gives, to compare with what the peer accepts.
    pub fn encoded_len(&self) -> usize {
        let mut encoder = Encoder::new(Count(0));
        self.write_to(&mut encoder);
        encoder.into_writer().0
    }

    /// The message alone, in deterministic encoding, without a frame around it.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        self.write_to(&mut encoder);
        encoder.into_writer()
    }

    /// Appends the message in a frame to `out`.
    ///
    /// The body, if there is one, is copied from where it is right behind the head that was just
    /// written.
    pub fn encode_frame(&self, out: &mut Vec<u8>) {
        let length = self.encoded_len();
        out.reserve(length + 9);
        let mut encoder = Encoder::new(out);
        encoder
            .bytes_len(length as u64)
            .expect("writing to memory does not fail");
        self.write_to(&mut encoder);
    }

    fn write_to<W: encode::Write<Error = Infallible>>(&self, encoder: &mut Encoder<W>) {
        self.write(encoder)
            .expect("writing to memory does not fail");
    }

    fn write<W: encode::Write<Error = Infallible>>(&self, encoder: &mut Encoder<W>) -> Written {
        let number = self.number();
        encoder
            .array(form::FORMS[number].count)?
            .u64(number as u64)?;
        match self {
            Self::Hello(hello) => hello.write(encoder),
            Self::Listen { sequence, record } | Self::Found { sequence, record } => {
                record.write(encoder.u64(*sequence)?)
            }
            Self::Unlisten {
                sequence,
                withdrawal,
            } => withdrawal.write(encoder.u64(*sequence)?),
            Self::Bind {
                sequence,
                handle,
                binding,
            } => binding.write(encoder.u64(*sequence)?.u64(*handle)?),
            Self::Unbind { handle } => encoder.u64(*handle)?.ok(),
            Self::Send {
                handle,
                sequence,
                body,
            }
            | Self::Deliver {
                handle,
                sequence,
                body,
            }
            | Self::Redeliver {
                handle,
                sequence,
                body,
            }
            | Self::Reply {
                handle,
                sequence,
                body,
            } => encoder.u64(*handle)?.u64(*sequence)?.bytes(body)?.ok(),
            Self::Replied { sequence, body } => encoder.u64(*sequence)?.bytes(body)?.ok(),
            Self::Announce {
                handle,
                announcement,
            } => announcement.write(encoder.u64(*handle)?),
            Self::Acknowledge {
                handle,
                first,
                last,
            }
            | Self::Missed {
                handle,
                first,
                last,
            } => encoder.u64(*handle)?.u64(*first)?.u64(*last)?.ok(),
            Self::Receipt { level, first, last } => {
                encoder.u64(level.number())?.u64(*first)?.u64(*last)?.ok()
            }
            Self::Reject {
                sequence,
                code,
                text,
            } => {
                match sequence {
                    Some(sequence) => encoder.u64(*sequence)?,
                    None => encoder.null()?,
                };
                encoder.u64(code.number())?.str(&reject_text(text))?.ok()
            }
            Self::Credit { handle, limit } => encoder.u64(*handle)?.u64(*limit)?.ok(),
            Self::Join {
                sequence,
                group,
                durable,
                grant,
            } => {
                encoder
                    .u64(*sequence)?
                    .bytes(group.as_bytes())?
                    .bool(*durable)?;
                write_grant(encoder, grant.as_ref())
            }
            Self::Leave { sequence, group }
            | Self::Lookup {
                sequence,
                identity: group,
            } => encoder.u64(*sequence)?.bytes(group.as_bytes())?.ok(),
            Self::Declare { sequence, rules } => rules.write(encoder.u64(*sequence)?),
            Self::Ping { token } | Self::Pong { token } => encoder.u64(*token)?.ok(),
            Self::Drain {
                milliseconds,
                routes,
            } => write_routes(encoder.u64(*milliseconds)?, routes),
        }
    }
}

/// A text as a receiver accepts it: cut at a character, control characters replaced.
fn reject_text(text: &str) -> Cow<'_, str> {
    let mut end = text.len().min(MAX_REJECT_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let replace = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    Cow::Owned(text.chars().map(replace).collect::<String>())
}

/// Counts what is written instead of keeping it.
struct Count(usize);

impl encode::Write for Count {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0 += bytes.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{RejectCode, frame};

    #[test]
    fn a_frame_is_the_message_behind_its_length() {
        for length in [0, 10, 300, 70_000] {
            let body = vec![7; length];
            let message = Message::Send {
                handle: 1,
                sequence: 1,
                body: &body,
            };
            let mut out = vec![0xee];
            message.encode_frame(&mut out);
            let frame = frame::split(&out[1..], 100_000).unwrap().unwrap();
            assert_eq!(frame.message, message.encode());
            assert_eq!(frame.message.len(), message.encoded_len());
            assert_eq!(frame.length, out.len() - 1);
        }
    }

    #[test]
    fn cuts_a_reject_text_at_a_character() {
        let text = "é".repeat(MAX_REJECT_TEXT);
        let cut = reject_text(&text[..MAX_REJECT_TEXT + 2]);
        assert_eq!(cut.len(), MAX_REJECT_TEXT);
        let shifted = alloc::format!("x{text}");
        assert_eq!(reject_text(&shifted).len(), MAX_REJECT_TEXT - 1);
    }

    #[test]
    fn keeps_control_characters_out_of_a_reject_text() {
        // U+0085 takes two bytes, its replacement one.
        let text = "a\u{1b}[2J\nb\u{85}";
        let bytes = Message::Reject {
            sequence: None,
            code: RejectCode::Limit,
            text,
        }
        .encode();
        let Message::Reject { text, .. } = Message::decode(&bytes).unwrap() else {
            panic!()
        };
        assert_eq!(text, "a [2J b ");
    }
}
