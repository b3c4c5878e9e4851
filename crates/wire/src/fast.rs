//! The messages that carry bodies, read and written without a detour.
//!
//! Of a busy stream nearly every message is one of these, and each has one form: an array of four, a
//! type below 24, two numbers and a byte string. They are read and written here in one pass each.
//! What does not have that form is left to [`Message::decode`](crate::Message::decode), which says
//! what is wrong with it; both agree on every byte string, and tests hold them to that.

use alloc::vec::Vec;

use crate::cbor::head::{self, Head};

/// The longest head of a frame with one of these messages: all that is before the body.
pub const MAX_HEAD: usize = 9 + 2 + 9 + 9 + 9;

const ARRAY_OF_4: u8 = head::ARRAY << 5 | 4;

/// Which of the messages it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// [`Message::Send`](crate::Message::Send).
    Send = 5,
    /// [`Message::Deliver`](crate::Message::Deliver).
    Deliver = 7,
    /// [`Message::Redeliver`](crate::Message::Redeliver).
    Redeliver = 8,
    /// [`Message::Reply`](crate::Message::Reply).
    Reply = 13,
}

/// One of the messages, with its body where it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Which one.
    pub kind: Kind,
    /// Its handle.
    pub handle: u64,
    /// Its sequence number.
    pub sequence: u64,
    /// Its body.
    pub body: &'a [u8],
}

/// Reads one of these messages from exactly the content of a frame; `None` when it is another one,
/// or not to be accepted.
#[inline]
pub fn read(message: &[u8]) -> Option<Parts<'_>> {
    let (&[first, kind], rest) = message.split_first_chunk()?;
    if first != ARRAY_OF_4 {
        return None;
    }
    let kind = match kind {
        5 => Kind::Send,
        7 => Kind::Deliver,
        8 => Kind::Redeliver,
        13 => Kind::Reply,
        _ => return None,
    };
    let (handle, rest) = number(rest, head::UNSIGNED)?;
    let (sequence, rest) = number(rest, head::UNSIGNED)?;
    let (length, body) = number(rest, head::BYTES)?;
    (body.len() as u64 == length).then_some(Parts {
        kind,
        handle,
        sequence,
        body,
    })
}

/// The begin of a short message, with zeros behind it.
#[cold]
fn padded(message: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    first[..message.len()].copy_from_slice(message);
    first
}

/// Reads a head of this major type, and gives its number and what follows.
#[inline]
fn number(bytes: &[u8], major: u8) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let info = first.wrapping_sub(major << 5);
    match info {
        0..=23 => Some((u64::from(info), rest)),
        24 => {
            let (&byte, rest) = rest.split_first()?;
            (byte >= 24).then_some((u64::from(byte), rest))
        }
        25 => {
            let (bytes, rest) = rest.split_first_chunk()?;
            let value = u16::from_be_bytes(*bytes);
            (value > 0xff).then_some((u64::from(value), rest))
        }
        26 => {
            let (bytes, rest) = rest.split_first_chunk()?;
            let value = u32::from_be_bytes(*bytes);
            (value > 0xffff).then_some((u64::from(value), rest))
        }
        27 => {
            let (bytes, rest) = rest.split_first_chunk()?;
            let value = u64::from_be_bytes(*bytes);
            (value > 0xffff_ffff).then_some((value, rest))
        }
        _ => None,
    }
}

/// How such a message begins: all that is before its sequence number.
///
/// What follows it, the *tail*, is the same in a `send` and in the `deliver` that it becomes.
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    bytes: [u8; PREFIX],
    length: usize,
    /// Which of the first eight bytes of a message are compared, as a number in big endian.
    mask: u64,
    value: u64,
}

/// The longest prefix, with a handle of up to 32 bits.
const PREFIX: usize = 7;

/// One of these messages in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next<'a> {
    /// Its sequence number.
    pub sequence: u64,
    /// Its sequence number and its body, as they are encoded.
    pub tail: &'a [u8],
    /// How long its body is, in bytes.
    pub body: usize,
    /// How long the message is, in bytes.
    pub message: usize,
    /// How long its frame is, in bytes.
    pub frame: usize,
}

impl Prefix {
    /// The prefix of messages of this kind with this handle; `None` for a handle above 32 bits.
    pub fn new(kind: Kind, handle: u64) -> Option<Self> {
        u32::try_from(handle).ok()?;
        let mut heads = [0; MAX_HEAD];
        heads[0] = ARRAY_OF_4;
        heads[1] = kind as u8;
        let length = put(&mut heads, 2, head::UNSIGNED, handle);
        let mut first = [0; 8];
        first[..length].copy_from_slice(&heads[..length]);
        let mut bytes = [0; PREFIX];
        bytes[..length].copy_from_slice(&heads[..length]);
        Some(Self {
            bytes,
            length,
            mask: !(u64::MAX >> (8 * length)),
            value: u64::from_be_bytes(first),
        })
    }

    /// Reads the frame at the begin of a buffer, if it is whole, not longer than `limit`, and holds a
    /// message with this prefix; otherwise [`frame::split`](crate::frame::split) says what it is.
    #[inline]
    pub fn next<'a>(&self, buffer: &'a [u8], limit: usize) -> Option<Next<'a>> {
        let (length, rest) = number(buffer, head::BYTES)?;
        let length = usize::try_from(length).ok()?;
        if length > limit {
            return None;
        }
        let rest_length = rest.len();
        let message = rest.get(..length)?;
        let first = match message.first_chunk() {
            Some(first) => *first,
            None => padded(message),
        };
        let first = u64::from_be_bytes(first);
        if first & self.mask != self.value {
            return None;
        }
        let tail = message.get(self.length..)?;
        let (sequence, rest) = number(tail, head::UNSIGNED)?;
        let (stated, body) = number(rest, head::BYTES)?;
        (body.len() as u64 == stated).then_some(Next {
            sequence,
            tail,
            body: body.len(),
            message: length,
            frame: buffer.len() - rest_length + length,
        })
    }

    /// Appends a frame with a message of this prefix and that tail, and gives the length of the
    /// message.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>, tail: &[u8]) -> usize {
        let message = self.length + tail.len();
        let mut heads = [0; MAX_HEAD];
        let at = put(&mut heads, 0, head::BYTES, message as u64);
        heads[at..at + PREFIX].copy_from_slice(&self.bytes);
        out.reserve(at + message);
        out.extend_from_slice(&heads[..at + self.length]);
        out.extend_from_slice(tail);
        message
    }

    /// How long a message of this prefix and a tail of so many bytes is.
    #[inline]
    pub fn length(&self, tail: usize) -> usize {
        self.length + tail
    }
}

/// How many bytes one of these messages has, without the head of its frame.
#[inline]
pub fn length(handle: u64, sequence: u64, body: usize) -> usize {
    2 + Head::length_for(handle) + Head::length_for(sequence) + Head::length_for(body as u64) + body
}

/// Appends a frame with one of these messages to `out`, and gives the length of the message.
#[inline]
pub fn write(out: &mut Vec<u8>, parts: Parts<'_>) -> usize {
    let message = length(parts.handle, parts.sequence, parts.body.len());
    let mut heads = [0; MAX_HEAD];
    let mut at = put(&mut heads, 0, head::BYTES, message as u64);
    heads[at] = ARRAY_OF_4;
    heads[at + 1] = parts.kind as u8;
    at = put(&mut heads, at + 2, head::UNSIGNED, parts.handle);
    at = put(&mut heads, at, head::UNSIGNED, parts.sequence);
    at = put(&mut heads, at, head::BYTES, parts.body.len() as u64);
    out.reserve(at + parts.body.len());
    out.extend_from_slice(&heads[..at]);
    out.extend_from_slice(parts.body);
    message
}

/// Writes a head at `at`, and gives where it ends.
#[inline]
fn put(out: &mut [u8; MAX_HEAD], at: usize, major: u8, value: u64) -> usize {
    let major = major << 5;
    match value {
        0..=23 => {
            out[at] = major | value as u8;
            at + 1
        }
        24..=0xff => {
            out[at] = major | 24;
            out[at + 1] = value as u8;
            at + 2
        }
        0x100..=0xffff => {
            out[at] = major | 25;
            out[at + 1..at + 3].copy_from_slice(&(value as u16).to_be_bytes());
            at + 3
        }
        0x1_0000..=0xffff_ffff => {
            out[at] = major | 26;
            out[at + 1..at + 5].copy_from_slice(&(value as u32).to_be_bytes());
            at + 5
        }
        _ => {
            out[at] = major | 27;
            out[at + 1..at + 9].copy_from_slice(&value.to_be_bytes());
            at + 9
        }
    }
}
