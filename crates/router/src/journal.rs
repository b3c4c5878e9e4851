//! What happened, for people and programs that watch a router.

use std::{fmt, net::IpAddr};

use tuyau_core::Address;
use tuyau_wire::{Identity, RejectCode};

use crate::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// What.
    pub event: Event,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The router does what it is for.
    Info,
    /// A peer or a route misbehaves; the router goes on.
    Warn,
    /// The router cannot do something that it should.
    Error,
}

impl Level {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What can happen. Printing it gives one line in which texts of peers have no control characters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A peer proved its identity and said hello.
    Connected {
        /// Who.
        identity: Identity,
        /// From where, or where to.
        place: String,
        /// The peer's program.
        agent: String,
    },
    /// A session ended.
    Disconnected {
        /// Who.
        identity: Identity,
        /// Why.
        reason: String,
    },
    /// A peer did not get as far as a session.
    HandshakeFailed {
        /// From where.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Connections were closed because of a limit.
    Refused {
        /// From where, when the limit is one of an address.
        from: Option<IpAddr>,
        /// How many since the last such entry.
        count: u64,
        /// The configuration key of the limit.
        limit: &'static str,
        /// Its value.
        value: usize,
    },
    /// Accepting failed; it is tried again.
    AcceptFailed {
        /// Where.
        address: Address,
        /// Why.
        reason: String,
    },
    /// An identity registered its routes.
    Registered {
        /// Who.
        identity: Identity,
        /// Where it can be reached.
        routes: Vec<Address>,
        /// The number of its record.
        sequence: u64,
    },
    /// An identity took its registration back.
    Withdrawn {
        /// Who.
        identity: Identity,
    },
    /// A registration ended because it was not renewed.
    Expired {
        /// Who.
        identity: Identity,
    },
    /// A registration that was kept was taken back, because its owner may not listen any more.
    Revoked {
        /// Who.
        identity: Identity,
    },
    /// A message was refused.
    Rejected {
        /// Whose message.
        identity: Identity,
        /// Why, for a program.
        code: RejectCode,
        /// Why, for a person.
        text: String,
    },
    /// Messages were handed to a session of their recipient. Of those that follow one another
    /// quickly several are in one entry.
    Delivered {
        /// The sender.
        from: Identity,
        /// The recipient.
        to: Identity,
        /// How many messages.
        messages: u64,
        /// The length of their bodies in bytes.
        bytes: u64,
    },
    /// Messages were handed to the members of a group.
    Published {
        /// The sender.
        from: Identity,
        /// The group.
        group: Identity,
        /// How many messages.
        messages: u64,
        /// The length of their bodies in bytes.
        bytes: u64,
    },
    /// An identity joined a group.
    Joined {
        /// Who.
        identity: Identity,
        /// The group.
        group: Identity,
    },
    /// An identity left a group.
    Left {
        /// Who.
        identity: Identity,
        /// The group.
        group: Identity,
    },
    /// The key of a group said who may join and publish.
    Declared {
        /// The group.
        group: Identity,
        /// The number of its rules.
        sequence: u64,
    },
    /// The greeting was sent over a route that was registered.
    Greeted {
        /// Who registered it.
        identity: Identity,
        /// Where it was sent.
        place: String,
        /// What was sent.
        text: String,
    },
    /// A message for the router itself came in, as the answer to a greeting does.
    Received {
        /// The sender.
        from: Identity,
        /// The begin of the body as text, at most 401 characters: entries wait
        /// in memory for whoever watches.
        text: String,
    },
    /// No route of an identity could be reached.
    Unreachable {
        /// Who.
        identity: Identity,
        /// Every attempt.
        reason: String,
    },
    /// The state was replaced by a snapshot.
    Restored {
        /// How many rows the table has now.
        rows: usize,
        /// How many messages were processed when it was saved.
        processed: u64,
    },
    /// The state could not be written to the state directory; it is tried again.
    PersistFailed {
        /// Where, why, and what to do.
        reason: String,
    },
    /// The state was written to the state directory after that had failed.
    Persisted,
    /// The router is ending.
    Stopping,
}

impl Event {
    /// How much it matters.
    pub fn level(&self) -> Level {
        match self {
            Self::HandshakeFailed { .. }
            | Self::Refused { .. }
            | Self::Revoked { .. }
            | Self::Rejected { .. }
            | Self::Unreachable { .. } => Level::Warn,
            Self::AcceptFailed { .. } | Self::PersistFailed { .. } => Level::Error,
            _ => Level::Info,
        }
    }

    /// Whom it is about, if it is one identity: the sender of a message that was delivered.
    pub fn identity(&self) -> Option<Identity> {
        match self {
            Self::Connected { identity, .. }
            | Self::Disconnected { identity, .. }
            | Self::Registered { identity, .. }
            | Self::Withdrawn { identity }
            | Self::Expired { identity }
            | Self::Revoked { identity }
            | Self::Rejected { identity, .. }
            | Self::Greeted { identity, .. }
            | Self::Joined { identity, .. }
            | Self::Left { identity, .. }
            | Self::Unreachable { identity, .. } => Some(*identity),
            Self::Delivered { from, .. }
            | Self::Published { from, .. }
            | Self::Received { from, .. } => Some(*from),
            _ => None,
        }
    }

    /// The name of the kind, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::HandshakeFailed { .. } => "handshake-failed",
            Self::Refused { .. } => "refused",
            Self::AcceptFailed { .. } => "accept-failed",
            Self::Registered { .. } => "registered",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Rejected { .. } => "rejected",
            Self::Delivered { .. } => "delivered",
            Self::Published { .. } => "published",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Declared { .. } => "declared",
            Self::Greeted { .. } => "greeted",
            Self::Received { .. } => "received",
            Self::Unreachable { .. } => "unreachable",
            Self::Restored { .. } => "restored",
            Self::PersistFailed { .. } => "persist-failed",
            Self::Persisted => "persisted",
            Self::Stopping => "stopping",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected {
                identity,
                place,
                agent,
            } => {
                write!(f, "connected {identity} at {place}, {}", Plain(agent))
            }
            Self::Disconnected { identity, reason } => {
                write!(f, "disconnected {identity}: {}", Report(reason))
            }
            Self::HandshakeFailed { place, reason } => {
                write!(f, "handshake with {place} failed: {}", Report(reason))
            }
            Self::Refused {
                from,
                count,
                limit,
                value,
            } => {
                let connections = if *count == 1 {
                    "connection"
                } else {
                    "connections"
                };
                write!(f, "refused {count} {connections}")?;
                if let Some(from) = from {
                    write!(f, " from {from}")?;
                }
                write!(f, ": limits.{limit} is {value}")?;
                if from.is_some() && *limit == "handshakes_per_second" {
                    f.write_str(", a quarter of which one address gets")?;
                }
                f.write_str("; raise it if these are wanted")
            }
            Self::AcceptFailed { address, reason } => {
                write!(
                    f,
                    "cannot accept on {address}, trying again: {}",
                    Report(reason)
                )
            }
            Self::Registered {
                identity,
                routes,
                sequence,
            } => {
                write!(f, "registered {identity}")?;
                for route in routes {
                    write!(f, " {route}")?;
                }
                write!(f, ", sequence {sequence}")
            }
            Self::Withdrawn { identity } => write!(f, "withdrew {identity}"),
            Self::Expired { identity } => write!(f, "registration of {identity} expired"),
            Self::Revoked { identity } => {
                write!(f, "registration of {identity} revoked by the access policy")
            }
            Self::Rejected {
                identity,
                code,
                text,
            } => {
                write!(
                    f,
                    "rejected a message of {identity}: {code}: {}",
                    Plain(text)
                )
            }
            Self::Delivered {
                from,
                to,
                messages,
                bytes,
            } => {
                let (from, to) = (from.short(), to.short());
                match messages {
                    1 if *bytes == 1 => write!(f, "delivered 1 byte from {from} to {to}"),
                    1 => write!(f, "delivered {bytes} bytes from {from} to {to}"),
                    _ => write!(
                        f,
                        "delivered {messages} messages, {bytes} bytes, from {from} to {to}"
                    ),
                }
            }
            Self::Published {
                from,
                group,
                messages,
                bytes,
            } => {
                let (from, group) = (from.short(), group.short());
                let plural = if *messages == 1 {
                    "message"
                } else {
                    "messages"
                };
                write!(
                    f,
                    "published {messages} {plural}, {bytes} bytes, from {from} to the group {group}"
                )
            }
            Self::Joined { identity, group } => write!(f, "{identity} joined the group {group}"),
            Self::Left { identity, group } => write!(f, "{identity} left the group {group}"),
            Self::Declared { group, sequence } => {
                write!(f, "rules of the group {group}, sequence {sequence}")
            }
            Self::Greeted {
                identity,
                place,
                text,
            } => {
                write!(f, "greeted {identity} over {place}: {}", Plain(text))
            }
            Self::Received { from, text } => write!(f, "message from {from}: {}", Plain(text)),
            Self::Unreachable { identity, reason } => {
                write!(f, "cannot reach {identity}: {}", Report(reason))
            }
            Self::Restored { rows, processed } => {
                write!(
                    f,
                    "restored a state of {rows} rows and {processed} messages"
                )
            }
            Self::PersistFailed { reason } => {
                write!(
                    f,
                    "cannot write the state, trying again: {}",
                    Report(reason)
                )
            }
            Self::Persisted => f.write_str("the state is written again"),
            Self::Stopping => f.write_str("stopping"),
        }
    }
}

/// The longest text of a peer that an entry shows, in characters.
const MAX_TEXT: usize = 400;

/// The longest report of the router's own that an entry shows, in characters: one of every attempt
/// on every route of an identity is far shorter.
const MAX_REPORT: usize = 16 * 1024;

/// The begin of a body as text: more characters than an entry shows, and no more bytes than these
/// can take.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let head = &body[..body.len().min(4 * (MAX_TEXT + 1))];
    let text = String::from_utf8_lossy(head);
    text.chars().take(MAX_TEXT + 1).collect()
}

/// A text of a peer on one line without control characters, cut when it is long.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_plain(f, self.0.chars(), MAX_TEXT)
    }
}

/// What the router itself found out, all of it, on one line: its lines are separated by semicolons.
/// It may quote a peer.
struct Report<'a>(&'a str);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty()).enumerate();
        let characters = lines.flat_map(|(index, line)| {
            let separator = if index == 0 { "" } else { "; " };
            // Columns have no meaning on a line of their own.
            let words = line.split_whitespace().enumerate();
            let words = words.flat_map(|(index, word)| {
                let gap = if index == 0 { "" } else { " " };
                gap.chars().chain(word.chars())
            });
            separator.chars().chain(words)
        });
        write_plain(f, characters, MAX_REPORT)
    }
}

fn write_plain(
    f: &mut fmt::Formatter<'_>,
    mut characters: impl Iterator<Item = char>,
    most: usize,
) -> fmt::Result {
    for character in characters.by_ref().take(most) {
        let harmless = is_harmless(character);
        fmt::Write::write_char(f, if harmless { character } else { ' ' })?;
    }
    match characters.next() {
        Some(_) => f.write_str("…"),
        None => Ok(()),
    }
}

/// Whether a character shows as itself: no control character, and none that changes the direction
/// or is invisible.
fn is_harmless(character: char) -> bool {
    let invisible = matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !character.is_control() && !invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        tuyau_wire::SecretKey::from_seed([1; 32]).identity()
    }

    #[test]
    fn a_report_keeps_every_attempt_on_one_line() {
        let attempts: Vec<_> = (1..=80)
            .map(|number| format!("  {number}. 192.0.2.{number}:6001: connection refused"))
            .collect();
        let reason = format!("could not connect\n{}\n", attempts.join("\n"));
        let identity = identity();
        let text = Event::Unreachable { identity, reason }.to_string();
        assert!(!text.contains('\n'), "{text}");
        assert!(text.contains(": could not connect; 1. 192.0.2.1:6001: connection refused; 2. "));
        assert!(text.ends_with("; 80. 192.0.2.80:6001: connection refused"));
    }

    #[test]
    fn texts_of_peers_are_cut_and_reports_are_bounded() {
        let (from, text) = (identity(), "x".repeat(1000));
        let text = Event::Received { from, text }.to_string();
        assert!(text.ends_with("x…") && text.len() < 500, "{text}");
        let place = "192.0.2.1:1".to_owned();
        let reason = "x".repeat(1 << 20);
        let text = Event::HandshakeFailed { place, reason }.to_string();
        assert!(text.ends_with("x…") && text.len() < 17 * 1024);
    }

    #[test]
    fn nothing_of_a_text_steers_a_terminal_or_hides() {
        let hidden = "a\x1bb\rc\u{61c}d\u{202e}e\u{fff9}f\u{fffb}g\u{e0001}h\u{e007f}i\u{feff}j";
        let expected = "a b c d e f g h i j";
        let (from, text) = (identity(), hidden.to_owned());
        let received = Event::Received { from, text }.to_string();
        assert!(received.ends_with(expected), "{received:?}");
        let reason = hidden.to_owned();
        let report = Event::Disconnected {
            identity: from,
            reason,
        };
        assert!(report.to_string().ends_with(expected), "{report}");
    }
}
