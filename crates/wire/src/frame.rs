//! Frames: messages in a stream of bytes, each behind its length.
//!
//! A stream is a CBOR sequence (RFC 8742) of byte strings of definite length, and each byte string
//! holds one message. The length comes first, so a receiver knows whether a message is too long
//! before it arrives.

mod error;

use crate::cbor::head::{self, Head, HeadError};

pub use error::{FrameError, FrameErrorKind};

/// A whole frame at the begin of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The encoded message, for [`Message::decode`](crate::Message::decode).
    pub message: &'a [u8],
    /// How many bytes of the buffer the frame takes, its head included.
    pub length: usize,
}

/// Splits the first frame off a buffer; `None` when more bytes are needed.
///
/// `limit` is the longest message that is accepted, in bytes without the head of its frame.
///
/// # Errors
/// When the bytes so far cannot become a frame, or only one whose message is longer than `limit`.
/// The stream is of no use after that.
///
/// ```
/// use tuyau_wire::frame;
///
/// let buffer = [0x43, 1, 2, 3, 0x41];
/// let frame = frame::split(&buffer, 100)?.expect("the first one is complete");
/// assert_eq!((frame.message, frame.length), (&[1, 2, 3][..], 4));
/// assert_eq!(frame::split(&buffer[frame.length..], 100)?, None);
/// assert_eq!(frame::missing(&buffer[frame.length..]), 1);
/// # Ok::<(), frame::FrameError>(())
/// ```
#[inline]
pub fn split(buffer: &[u8], limit: usize) -> Result<Option<Frame<'_>>, FrameError> {
    let Some(&first) = buffer.first() else {
        return Ok(None);
    };
    if first >> 5 != head::BYTES {
        let looks_like_text = is_textual(first) && buffer.iter().take(8).copied().all(is_textual);
        return Err(FrameError::not_bytes(first, looks_like_text));
    }
    let head = match Head::read(buffer) {
        Ok(head) => head,
        Err(HeadError::Truncated(_)) => return Ok(None),
        Err(HeadError::Indefinite) => return Err(FrameError::new(FrameErrorKind::Indefinite)),
        Err(HeadError::NotShortest) => return Err(FrameError::new(FrameErrorKind::NotShortest)),
        Err(HeadError::Reserved) => return Err(FrameError::new(FrameErrorKind::Reserved)),
    };
    let length = match usize::try_from(head.value) {
        Ok(length) if length <= limit => head.length + length,
        _ => return Err(FrameError::too_long(head.value, limit)),
    };
    if is_text(buffer, head) {
        return Err(FrameError::not_bytes(first, true));
    }
    let message = buffer.get(head.length..length);
    Ok(message.map(|message| Frame { message, length }))
}

/// How many bytes the frame of a message of this length takes, its head included.
pub fn length(message: usize) -> usize {
    Head::length_for(message as u64) + message
}

/// How many bytes must at least follow the buffer before [`split`] can give a frame; 0 when it can
/// give one, or an error, now.
pub fn missing(buffer: &[u8]) -> usize {
    match Head::read(buffer) {
        Ok(head) if head.major == head::BYTES => {
            let available = buffer.len() - head.length;
            usize::try_from(head.value)
                .unwrap_or(usize::MAX)
                .saturating_sub(available)
        }
        Err(HeadError::Truncated(missing)) => missing,
        _ => 0,
    }
}

/// Whether the buffer begins with text, although `@` and the capital letters up to `Y` can begin a
/// frame: the first byte of a message is the head of an array, and that is no character.
///
/// It looks at that byte and those before it alone, so that the verdict does not depend on how much
/// has arrived.
fn is_text(buffer: &[u8], head: Head) -> bool {
    let probe = buffer.get(..=head.length);
    head.value > 0 && probe.is_some_and(|probe| probe.iter().copied().all(is_textual))
}

fn is_textual(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec, vec::Vec};

    use super::*;

    fn frame(length: usize) -> Vec<u8> {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        encoder.bytes(&vec![0x80; length]).unwrap();
        encoder.into_writer()
    }

    fn kind(buffer: &[u8]) -> FrameErrorKind {
        split(buffer, 100).unwrap_err().kind()
    }

    #[test]
    fn asks_for_more_until_a_frame_is_complete() {
        for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
            let bytes = frame(length);
            for end in (0..bytes.len()).filter(|end| *end < 12 || end % 1_000 == 0) {
                assert_eq!(split(&bytes[..end], 1 << 20), Ok(None));
                let missing = missing(&bytes[..end]);
                assert!(missing > 0 && end + missing <= bytes.len());
            }
            assert_eq!(missing(&bytes), 0);
            let found = split(&bytes, 1 << 20).unwrap().unwrap();
            assert_eq!((found.message.len(), found.length), (length, bytes.len()));
        }
    }

    #[test]
    fn refuses_a_frame_above_the_limit_before_it_arrives() {
        assert!(split(&frame(100)[..2], 100).unwrap().is_none());
        assert_eq!(kind(&frame(101)[..2]), FrameErrorKind::TooLong);
        assert_eq!(
            kind(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]),
            FrameErrorKind::TooLong
        );
        let text = split(&frame(101), 100).unwrap_err().to_string();
        assert!(text.contains("101") && text.contains("100"), "{text}");
    }

    #[test]
    fn refuses_what_is_no_frame() {
        assert_eq!(kind(&[0x00]), FrameErrorKind::NotBytes);
        assert_eq!(kind(&[0x82, 0x01]), FrameErrorKind::NotBytes);
        assert_eq!(kind(&[0x5f, 0x41]), FrameErrorKind::Indefinite);
        assert_eq!(kind(&[0x5c]), FrameErrorKind::Reserved);
        assert_eq!(kind(&[0x58, 0x17, 0x00]), FrameErrorKind::NotShortest);
    }

    #[test]
    fn recognises_text() {
        for text in [
            "GET / HTTP/1.1\r\n",
            "POST /",
            "HEAD",
            "hello\n",
            "SSH-2.0",
            "GE",
        ] {
            let error = split(text.as_bytes(), 1 << 20).unwrap_err();
            assert_eq!(error.kind(), FrameErrorKind::Text, "{text}");
        }
        assert_eq!(split(b"G", 100), Ok(None));
    }

    /// Found by fuzzing: text was recognised by its first four bytes, so that a short frame in front
    /// of it was one or not depending on how the stream was cut.
    #[test]
    fn the_verdict_does_not_depend_on_how_much_has_arrived() {
        let stream = b"Bvvvvvvv";
        for end in 2..stream.len() {
            assert_eq!(kind(&stream[..end]), FrameErrorKind::Text);
        }
    }
}
