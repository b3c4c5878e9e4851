//! Why something was refused, as a number for programs and a name for people.

use core::fmt;

/// Why a request or a session was refused.
///
/// Numbers that this version does not know are kept, so that they can be shown and passed on.
/// Codes compare by their number.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RejectCode {
    /// The peers have no version of the protocol in common. Closes the session.
    Version,
    /// The message could not be decoded.
    Malformed,
    /// The message is known, but not allowed now or from this peer.
    Unexpected,
    /// The statement is about another identity than the one that the handshake proved.
    WrongIdentity,
    /// The signature does not verify.
    BadSignature,
    /// The sequence number is not greater than the last one.
    StaleSequence,
    /// The record expired, or lives longer than is allowed.
    Expired,
    /// A route does not parse.
    BadRoute,
    /// A route is well formed, and this router does not dial it.
    RouteNotAllowed,
    /// The recipient is not known, or none of its routes could be reached.
    Unreachable,
    /// The recipient does not take messages as fast as they come.
    Congested,
    /// The frame is longer than the receiver accepts.
    TooLarge,
    /// A limit other than the frame length is exceeded.
    Limit,
    /// The peer is shutting down; try later or elsewhere.
    ShuttingDown,
    /// The peer failed in a way that is its own fault.
    Internal,
    /// The router's access policy forbids it.
    NotAllowed,
    /// The group is restricted, and no grant that counts allows it.
    NoGrant,
    /// The handle is not bound.
    Unbound,
    /// The recipient's mailbox, or the router's store, has no room.
    MailboxFull,
    /// The router does not do that, or not in this combination.
    Unsupported,
    /// Its time had passed before it could be delivered, or answered.
    TimedOut,
    /// A number that this version does not know.
    Unknown(u64),
}

use RejectCode::*;

impl RejectCode {
    /// Every code that this version knows, in the order of their numbers.
    pub const ALL: [Self; 21] = [
        Version,
        Malformed,
        Unexpected,
        WrongIdentity,
        BadSignature,
        StaleSequence,
        Expired,
        BadRoute,
        RouteNotAllowed,
        Unreachable,
        Congested,
        TooLarge,
        Limit,
        ShuttingDown,
        Internal,
        NotAllowed,
        NoGrant,
        Unbound,
        MailboxFull,
        Unsupported,
        TimedOut,
    ];

    /// The code with this number.
    pub fn from_u64(number: u64) -> Self {
        let index = number
            .checked_sub(1)
            .and_then(|index| usize::try_from(index).ok());
        index
            .and_then(|index| Self::ALL.get(index))
            .copied()
            .unwrap_or(Unknown(number))
    }

    /// The number that stands for this code in a message.
    pub fn number(self) -> u64 {
        match self {
            Version => 1,
            Malformed => 2,
            Unexpected => 3,
            WrongIdentity => 4,
            BadSignature => 5,
            StaleSequence => 6,
            Expired => 7,
            BadRoute => 8,
            RouteNotAllowed => 9,
            Unreachable => 10,
            Congested => 11,
            TooLarge => 12,
            Limit => 13,
            ShuttingDown => 14,
            Internal => 15,
            NotAllowed => 16,
            NoGrant => 17,
            Unbound => 18,
            MailboxFull => 19,
            Unsupported => 20,
            TimedOut => 21,
            Unknown(number) => number,
        }
    }

    /// The name of the code, in lower case; `unknown` for a number that this version does not know.
    pub fn name(self) -> &'static str {
        match self {
            Version => "version",
            Malformed => "malformed",
            Unexpected => "unexpected",
            WrongIdentity => "wrong identity",
            BadSignature => "bad signature",
            StaleSequence => "stale sequence",
            Expired => "expired",
            BadRoute => "bad route",
            RouteNotAllowed => "route not allowed",
            Unreachable => "unreachable",
            Congested => "congested",
            TooLarge => "too large",
            Limit => "limit",
            ShuttingDown => "shutting down",
            Internal => "internal",
            NotAllowed => "not allowed",
            NoGrant => "no grant",
            Unbound => "unbound",
            MailboxFull => "mailbox full",
            Unsupported => "unsupported",
            TimedOut => "timed out",
            Unknown(_) => "unknown",
        }
    }
}

impl PartialEq for RejectCode {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for RejectCode {}

impl core::hash::Hash for RejectCode {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown(number) => write!(f, "unknown code {number}"),
            known => f.pad(known.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn numbers_and_codes_correspond() {
        for (code, number) in RejectCode::ALL.into_iter().zip(1..) {
            assert_eq!(code.number(), number);
            assert!(!matches!(RejectCode::from_u64(number), Unknown(_)));
            assert_eq!(RejectCode::from_u64(number), code);
        }
    }

    #[test]
    fn keeps_numbers_that_it_does_not_know() {
        for number in [0, 22, u64::MAX] {
            let code = RejectCode::from_u64(number);
            assert_eq!(code.number(), number);
            assert_eq!(code.to_string(), alloc::format!("unknown code {number}"));
        }
    }
}
