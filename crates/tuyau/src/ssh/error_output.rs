//! What a remote command complains of.

use std::fmt;

use super::inbox::{ERROR_OUTPUT_LIMIT, Received};
use crate::peer_text::shown_lines;

/// Information of a flow: what the command wrote as error output so far, as of the last poll.
///
/// It prints as text of the peer that is harmless for a terminal: with its lines and tabs, with what is
/// no UTF-8 replaced, and with what cannot be seen escaped as Rust does it. What the command wrote
/// byte for byte is in [`bytes`](Self::bytes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorOutput {
    bytes: Vec<u8>,
    lost: u64,
}

impl ErrorOutput {
    /// The last 64 KiB of it, as they came: a terminal may obey them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes came before those that are kept.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) fn take_from(&mut self, received: &mut Received) {
        self.bytes.append(&mut received.error_output);
        let excess = self.bytes.len().saturating_sub(ERROR_OUTPUT_LIMIT);
        self.bytes.drain(..excess);
        self.lost += excess as u64 + std::mem::take(&mut received.error_output_lost);
    }
}

impl fmt::Display for ErrorOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown_lines(&String::from_utf8_lossy(&self.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bad input: a command that writes to the terminal of whoever reads its complaints.
    #[test]
    fn what_is_printed_of_it_has_nothing_that_a_terminal_obeys() {
        let bytes = b"it's \x1b]0;owned\x07\xff\r\n\"50%\r100%\"\n\tC:\\temp \xe2\x80\xae.\n";
        let output = ErrorOutput {
            bytes: bytes.to_vec(),
            lost: 0,
        };
        assert_eq!(
            output.to_string(),
            "it's \\u{1b}]0;owned\\u{7}\u{fffd}\n\"50%\\r100%\"\n\tC:\\temp \\u{202e}.\n"
        );
        assert_eq!(output.bytes(), bytes);
    }
}
