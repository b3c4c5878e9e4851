//! What happened, as a line for a person.

use std::fmt;

use super::Event;

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
            Self::HandleRevoked { identity, reason } => {
                write!(f, "freed a handle of {identity}: not allowed {reason}")
            }
            Self::PolicyReplaced(replaced) => {
                write!(f, "read the access policy again: {replaced}")
            }
            Self::PolicyRefused { reason } => write!(
                f,
                "cannot read the access policy again, the present one stays: {}",
                Report(reason)
            ),
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
            Self::Stored {
                from,
                to,
                messages,
                bytes,
            } => {
                let (from, to) = (from.short(), to.short());
                let many = Many(*messages);
                write!(f, "stored {many}, {bytes} bytes, from {from} for {to}")
            }
            Self::Collected {
                identity,
                messages,
                bytes,
            } => {
                let many = Many(*messages);
                write!(f, "{identity} got {many}, {bytes} bytes, that were stored")
            }
            Self::Dropped {
                identity,
                messages,
                reason,
            } => {
                let many = Many(*messages);
                write!(f, "dropped {many} stored for {identity}: {reason}")
            }
            Self::Mended { text } => write!(f, "the store was mended: {text}"),
            Self::Damaged { text } => write!(f, "the store is damaged: {text}"),
            Self::StoreFailed { reason } => write!(f, "the store has failed: {}", Report(reason)),
            Self::Published {
                from,
                group,
                messages,
                bytes,
            } => {
                let (from, group) = (from.short(), group.short());
                let many = Many(*messages);
                write!(
                    f,
                    "published {many}, {bytes} bytes, from {from} to the group {group}"
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
            Self::Imported { file, rows } => {
                write!(
                    f,
                    "took over {file} with {rows} rows; it is {file}.imported now"
                )
            }
            Self::Stopping => f.write_str("stopping"),
        }
    }
}

/// So many messages.
struct Many(u64);

impl fmt::Display for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "message" } else { "messages" };
        write!(f, "{} {plural}", self.0)
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
        // Nor has what points at a column of the line before.
        let says = |line: &&str| !line.trim_matches([' ', '|', '^']).is_empty();
        let lines = lines.filter(says).enumerate();
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
    use tuyau_wire::Identity;

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
