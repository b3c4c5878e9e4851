//! The names by which peers agree, in their hellos, on what is beyond the version of the protocol.

/// A router answers [`Message::Lookup`](crate::Message::Lookup) with
/// [`Message::Found`](crate::Message::Found), from its table.
pub const LOOKUP: &str = "lookup";

/// A router keeps durable messages: without it a binding of that class is refused.
pub const DURABLE: &str = "durable";
