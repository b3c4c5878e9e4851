//! Every bound of the wire protocol, each with its reason.

/// The version of the protocol that this crate speaks.
pub const VERSION: u64 = 2;

/// The longest message that is accepted unless configured otherwise, in bytes: 1 MiB.
///
/// A receiver keeps one such buffer for each connection in the worst case, so ten thousand idle
/// peers must not be able to ask for more memory than a server has.
pub const MAX_FRAME: usize = 1 << 20;

/// The least that a peer may state in its hello as the longest message it accepts, in bytes.
///
/// Every message but those with a body fits, so a peer can always be told what is wrong.
pub const MIN_MAX_FRAME: u64 = 4_096;

/// The most routes in one record.
///
/// A sender may try them all before it gives up, so the number bounds that wait; a service with
/// more interfaces than this wants a name that resolves to them.
pub const MAX_ROUTES: usize = 8;

/// The longest text of a reject message, in bytes: a few lines for a person to read.
pub const MAX_REJECT_TEXT: usize = 512;

/// The most protocol versions in a hello. Nobody keeps more than a handful alive.
pub const MAX_VERSIONS: usize = 8;

/// The most capabilities in a hello.
pub const MAX_CAPABILITIES: usize = 32;

/// The longest name of a capability, in bytes. With 32 of them a hello stays within
/// [`MIN_MAX_FRAME`].
pub const MAX_CAPABILITY: usize = 64;

/// The longest name of a program in a hello, in bytes: name, version and platform.
pub const MAX_AGENT: usize = 128;

/// The deepest nesting of CBOR arrays and maps.
///
/// No message of version 2 goes deeper than 2; the rest is room for extensions, and the limit
/// keeps the checker's state on the stack.
pub const MAX_DEPTH: usize = 16;

/// The most parameters in a hello: those of this version, and room for others.
pub const MAX_PARAMETERS: usize = 32;
