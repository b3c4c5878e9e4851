//! A captured stream, explained message by message.
//!
//! [`Trace`] reads all that one side said, from its first byte on: an [`Entry`] for each frame, with
//! the message in it as named [`Field`]s, and a [`Finding`] for each thing that the other side would
//! refuse or that the session suffers from. It never fails: what is no stream at all is a finding, too.
//!
//! ```
//! use tuyau_wire::{Message, trace::{FindingKind, Trace}};
//!
//! let mut stream = Vec::new();
//! Message::Ping { token: 7 }.encode_frame(&mut stream);
//! stream.extend(b"GET / HTTP/1.1\r\n");
//!
//! let entries: Vec<_> = Trace::new(&stream).collect();
//! assert_eq!(entries[0].message, Some(Message::Ping { token: 7 }));
//! assert_eq!(entries[0].fields()[0].to_string(), "token 7");
//! assert_eq!(entries[1].findings[0].kind(), FindingKind::Http);
//! assert_eq!(entries[1].findings[0].offset(), 4);
//! ```

mod describe;
mod finding;
mod stray;
#[cfg(test)]
mod tests;
mod value;
mod watch;

use alloc::{format, string::ToString, vec::Vec};

use crate::{
    DecodeError, MAX_FRAME, Message, Role,
    frame::{self, Frame, FrameError, FrameErrorKind},
};

pub use finding::{Finding, FindingKind};
pub use value::{Field, Value};

use watch::Watch;

/// Reads a captured stream of one direction.
///
/// It ends behind the last byte, or where nothing more can be found in the stream.
#[derive(Clone, Debug)]
pub struct Trace<'a> {
    bytes: &'a [u8],
    at: usize,
    limit: usize,
    watch: Watch,
    ended: bool,
}

/// A part of a stream: a frame, or the rest if that is none.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Where it begins in the stream.
    pub offset: usize,
    /// How many bytes it has, the head of a frame among them.
    pub length: usize,
    /// The message in the frame; none when there is no frame or the message is refused.
    pub message: Option<Message<'a>>,
    /// What is wrong with it, in the order in which it was found.
    pub findings: Vec<Finding>,
}

impl<'a> Entry<'a> {
    /// What the message says; nothing when there is none. Signatures are verified for that.
    pub fn fields(&self) -> Vec<Field<'a>> {
        self.message
            .as_ref()
            .map(describe::fields)
            .unwrap_or_default()
    }

    fn wrong(offset: usize, length: usize, finding: Finding) -> Self {
        let (message, findings) = (None, [finding].into());
        Self {
            offset,
            length,
            message,
            findings,
        }
    }
}

impl<'a> Trace<'a> {
    /// Begins to read a stream, with messages of up to [`MAX_FRAME`] bytes.
    ///
    /// Who says it follows from the hello, or else from the first message that only one side sends.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            limit: MAX_FRAME,
            watch: Watch::default(),
            ended: false,
        }
    }

    /// The same, with another longest message that its receiver accepts, in bytes.
    pub fn with_max_frame(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Who says it, as far as that is known by now.
    pub fn role(&self) -> Option<Role> {
        self.watch.role()
    }

    fn frame(&mut self, frame: Frame<'a>) -> Entry<'a> {
        let offset = self.at;
        self.at += frame.length;
        let base = offset + frame.length - frame.message.len();
        let (message, findings) = match Message::decode(frame.message) {
            Ok(message) => {
                let findings = self.watch.see(offset, &message);
                (Some(message), findings)
            }
            Err(error) => {
                let mut findings = self.watch.see_unread(offset);
                findings.push(refused(base, frame.message, &error));
                (None, findings)
            }
        };
        Entry {
            offset,
            length: frame.length,
            message,
            findings,
        }
    }

    /// The rest of the stream, which is the begin of a frame.
    fn begun(&self, rest: &[u8]) -> Entry<'a> {
        let missing = frame::missing(rest);
        let found = format!(
            "the frame at byte {} lacks {missing} bytes or more",
            self.at
        );
        let finding = Finding::new(FindingKind::Truncated, self.bytes.len(), found);
        Entry::wrong(self.at, rest.len(), finding)
    }

    /// The rest of the stream, in which no frame can be found.
    fn lost(&self, rest: &[u8], error: &FrameError) -> Entry<'a> {
        let (kind, found) = stray::recognise(rest).unwrap_or_else(|| match error.kind() {
            FrameErrorKind::TooLong => (FindingKind::TooLong, error.to_string()),
            FrameErrorKind::NotBytes | FrameErrorKind::Text => {
                (FindingKind::NoFrame, error.to_string())
            }
            _ => (FindingKind::FrameHead, error.to_string()),
        });
        Entry::wrong(self.at, rest.len(), Finding::new(kind, self.at, found))
    }
}

/// What a message that does not decode means, which begins at `base` of the stream.
fn refused(base: usize, message: &[u8], error: &DecodeError) -> Finding {
    // Six elements, the first of them the type, the second a list of versions with 1 alone.
    if message.starts_with(&[0x86, 0x00, 0x81, 0x01]) {
        let found = "a hello of version 1";
        return Finding::new(FindingKind::Version, base, found);
    }
    let place = base + error.offset();
    let shown = error.to_string();
    // The error says where in the message; here it is said where in the stream.
    let rest = shown.split_once([',', ':']).map_or("", |(_, rest)| rest);
    let kind = FindingKind::Message(error.kind());
    Finding::new(kind, place, rest.trim_start())
}

impl<'a> Iterator for Trace<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let bytes = self.bytes;
        let rest = &bytes[self.at..];
        if self.ended || (rest.is_empty() && self.at > 0) {
            return None;
        }
        if rest.is_empty() {
            self.ended = true;
            let finding = Finding::new(FindingKind::Empty, 0, "no byte");
            return Some(Entry::wrong(0, 0, finding));
        }
        match frame::split(rest, self.limit) {
            Ok(Some(frame)) => Some(self.frame(frame)),
            Ok(None) => {
                self.ended = true;
                Some(self.begun(rest))
            }
            Err(error) => {
                self.ended = true;
                Some(self.lost(rest, &error))
            }
        }
    }
}
