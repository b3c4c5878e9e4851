//! Text of others, made harmless for a terminal.

use alloc::string::String;
use core::fmt::{self, Write};

/// Passes text on, with U+FFFD in the place of what a terminal obeys and of what changes the direction
/// of reading. Ends of lines stay: reports have several.
pub(crate) struct Visible<'a, W: ?Sized>(pub(crate) &'a mut W);

impl<W: Write + ?Sized> Write for Visible<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, found)) = rest.char_indices().find(|&(_, it)| steers(it)) {
            self.0.write_str(&rest[..at])?;
            self.0.write_char(char::REPLACEMENT_CHARACTER)?;
            rest = &rest[at + found.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

/// The text of a part of a report, whose ends of lines are replaced too: no part looks like a row of its
/// own. What fails to print is shown as far as it came.
pub(crate) fn one_line(part: impl fmt::Display) -> String {
    let mut text = String::new();
    let _ = write!(Visible(&mut text), "{part}");
    text.replace('\n', "\u{fffd}")
}

fn steers(character: char) -> bool {
    let controls = character.is_control() && character != '\n';
    controls
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        let mut shown = String::new();
        let text = "a\u{1b}]0;x\u{7}b\r\n  c\u{202e}d\u{9b}é\tz";
        write!(Visible(&mut shown), "{text}!").unwrap();
        let expected = "a\u{fffd}]0;x\u{fffd}b\u{fffd}\n  c\u{fffd}d\u{fffd}é\u{fffd}z!";
        assert_eq!(shown, expected);
    }
}
