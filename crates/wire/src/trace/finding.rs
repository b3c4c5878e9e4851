//! What is wrong with a stream, what that means, and what to do.

use alloc::string::String;
use core::fmt;

use crate::DecodeErrorKind as Decode;

/// Something that is wrong with a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    kind: FindingKind,
    offset: usize,
    found: String,
}

/// The kinds of [`Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// There is no byte.
    Empty,
    /// The stream ends within a frame.
    Truncated,
    /// A record of TLS.
    Tls,
    /// A request or an answer of HTTP.
    Http,
    /// Other text.
    Text,
    /// A message without a frame around it.
    Unframed,
    /// Something else that is no frame.
    NoFrame,
    /// The head of a frame is not the one that its length has.
    FrameHead,
    /// A message is longer than the receiver accepts.
    TooLong,
    /// A frame holds what is no message.
    Message(Decode),
    /// A message that only the other side sends.
    WrongSide,
    /// The stream does not begin with a hello.
    NoHello,
    /// A second hello.
    SecondHello,
    /// A hello without the version that is spoken.
    Version,
    /// A number that is not greater than the one before.
    Sequence,
    /// A handle of a service that is not bound.
    Unbound,
    /// A handle of a router that was not announced.
    Unannounced,
    /// A class and a level, or a target, that do not go together.
    Combination,
    /// What needs a capability that the hello does not name.
    Capability,
    /// A signature that does not verify.
    Signature,
    /// A grant that is for another group.
    ForeignGrant,
    /// A message behind the end of the session.
    AfterEnd,
}

impl Finding {
    pub(super) fn new(kind: FindingKind, offset: usize, found: impl Into<String>) -> Self {
        let found = found.into();
        Self {
            kind,
            offset,
            found,
        }
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> FindingKind {
        self.kind
    }

    /// At which byte of the stream.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What was found there, on one line.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// What that means for the session.
    pub fn meaning(&self) -> &'static str {
        self.kind.advice().0
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        self.kind.advice().1
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.found)
    }
}

impl FindingKind {
    /// A name for programs, in lower case with hyphens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Text => "text",
            Self::Unframed => "unframed",
            Self::NoFrame => "no-frame",
            Self::FrameHead => "frame-head",
            Self::TooLong => "too-long",
            Self::Message(_) => "message",
            Self::WrongSide => "wrong-side",
            Self::NoHello => "no-hello",
            Self::SecondHello => "second-hello",
            Self::Version => "version",
            Self::Sequence => "sequence",
            Self::Unbound => "unbound",
            Self::Unannounced => "unannounced",
            Self::Combination => "combination",
            Self::Capability => "capability",
            Self::Signature => "signature",
            Self::ForeignGrant => "foreign-grant",
            Self::AfterEnd => "after-end",
        }
    }

    /// What it means and what to do.
    fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Message(kind) => message(kind),
            Self::Empty
            | Self::Truncated
            | Self::Tls
            | Self::Http
            | Self::Text
            | Self::Unframed
            | Self::NoFrame
            | Self::FrameHead
            | Self::TooLong => stream(self),
            _ => session(self),
        }
    }
}

fn stream(kind: FindingKind) -> (&'static str, &'static str) {
    match kind {
        FindingKind::Empty => (
            "nothing was captured, or the peer said nothing",
            "check what was captured; a peer that says nothing may wait for the other's hello, \
             which it must not",
        ),
        FindingKind::Truncated => (
            "the capture, or the connection, ended within a message",
            "if the capture is whole, look for why the sender stopped: a message is sent in full \
             or not at all",
        ),
        FindingKind::Tls => (
            "the bytes were captured where they are encrypted",
            "capture what the program hands to its TLS library, and what it gets from there",
        ),
        FindingKind::Http => (
            "a client or a server of the web speaks here",
            "check address and port; a router speaks this protocol inside TLS, and no HTTP",
        ),
        FindingKind::Text => (
            "another protocol speaks here, or the file is no capture",
            "check address and port, and what was captured; as text, hexadecimal digits, white \
             space and comments behind # are read",
        ),
        FindingKind::Unframed => (
            "each message must stand in a byte string, so that its length comes first",
            "write the head of a byte string with the message's length before it",
        ),
        FindingKind::NoFrame => (
            "a stream is byte strings and nothing else; what follows cannot be understood, and the \
             receiver closes",
            "look at the length of the frame before, which may be too small; at the begin, look at \
             where the capture starts",
        ),
        FindingKind::FrameHead => (
            "the length of a frame has one form, the shortest; the receiver closes",
            "write lengths below 24 in one byte, below 256 in two, below 65,536 in three, and never \
             an indefinite one",
        ),
        _ => (
            "the receiver refuses it with `too large` as soon as it has read the length, and closes",
            "send no more than the other's hello allows (max-frame); when the length is absurd, \
             look at the frame before it",
        ),
    }
}

fn session(kind: FindingKind) -> (&'static str, &'static str) {
    match kind {
        FindingKind::WrongSide => (
            "the receiver rejects the session with `unexpected`, and closes",
            "send it from the other side only; if the capture mixes both directions, split it",
        ),
        FindingKind::NoHello => (
            "without a hello first the receiver rejects the session with `unexpected`",
            "send hello as soon as the connection stands; if the capture begins later, what was \
             bound or announced before it is not known here",
        ),
        FindingKind::SecondHello => (
            "the receiver rejects the session with `unexpected`, and closes",
            "send one hello for each connection; if several were captured, split them",
        ),
        FindingKind::Version => (
            "the other side rejects the session with `version`, and closes",
            "name version 2 in the hello, and send the messages in its form",
        ),
        FindingKind::Sequence => (
            "numbers must grow; a router rejects the session with `malformed`, and closes",
            "number all that wants an answer from one counter; send again what was not answered \
             before anything newer",
        ),
        FindingKind::Unbound => (
            "the router rejects the message with `unbound`",
            "bind the handle before, in this session, and bind it again if the router refused that",
        ),
        FindingKind::Unannounced => (
            "the recipient cannot know who sent it",
            "a router announces a handle once in each session before it delivers under it",
        ),
        FindingKind::Combination => (
            "the router rejects it with `unsupported`, and what is sent on the handle with `unbound`",
            "choose a level that goes with the class: section 9 of the specification",
        ),
        FindingKind::Capability => (
            "what both hellos do not name must not be used",
            "name the capability in the hello, and look whether the router's names it, too",
        ),
        FindingKind::Signature => (
            "the receiver does not believe it",
            "sign the text of section 19, a zero byte and the encoded statement with the key of \
             the identity that says it",
        ),
        FindingKind::ForeignGrant => (
            "where the group is restricted, the router rejects it with `no grant`",
            "send the grant of this group",
        ),
        _ => (
            "nothing is heard behind a reject without sequence number",
            "close the connection after it, and begin a new session",
        ),
    }
}

fn message(kind: Decode) -> (&'static str, &'static str) {
    match kind {
        Decode::Truncated | Decode::Trailing => (
            "the frame has another length than the message in it",
            "encode the message first, and take the length of the frame from that",
        ),
        Decode::Indefinite
        | Decode::NotShortest
        | Decode::Reserved
        | Decode::Unsupported
        | Decode::KeyOrder => (
            "the encoding is not the deterministic one, and each message has that alone",
            "let the CBOR library write shortest heads, definite lengths and sorted maps (often \
             called canonical), and no tags or floating-point numbers",
        ),
        Decode::Depth | Decode::Utf8 => (
            "no message holds that",
            "compare the message with wire.cddl",
        ),
        Decode::UnknownType => (
            "the receiver rejects the session with `unexpected`, and closes",
            "send only what the version and the capabilities of both hellos have",
        ),
        Decode::Identity => (
            "the 32 bytes are no Ed25519 public key, or one that anyone could sign for",
            "send the bytes of the public key, not its text and not the seed",
        ),
        Decode::Route => (
            "the message is rejected with `bad route`",
            "write routes as scheme://host:port or scheme:///path",
        ),
        _ => (
            "the message has not the form of its type; it is rejected as malformed",
            "compare it with section 18 of the specification and with wire.cddl",
        ),
    }
}
