//! Text of others, made harmless for a terminal.

use alloc::string::String;
use core::fmt::{self, Write};

/// Passes text on, with U+FFFD in the place of what a terminal obeys, of what changes the direction of
/// reading, and of what is not seen. Ends of lines stay: reports have several.
pub(crate) struct Visible<'a, W: ?Sized>(pub(crate) &'a mut W);

impl<W: Write + ?Sized> Write for Visible<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, found)) = rest.char_indices().find(|&(_, it)| misleads(it)) {
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

fn misleads(character: char) -> bool {
    let controls = character.is_control() && character != '\n';
    controls
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || is_filler(character)
}

/// Whether nothing is shown of a character, or a gap (what Unicode calls ignorable by default, without the
/// selectors of variants, which change how the character before them looks).
fn is_filler(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}')
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

    #[test]
    fn nothing_stands_there_unseen() {
        let fillers = "\u{ad}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{e0000}\u{e0041}\u{e007f}";
        for filler in fillers.chars() {
            assert_eq!(one_line(format_args!("a{filler}b")), "a\u{fffd}b");
        }
        assert_eq!(one_line("größe ☂\u{fe0f} 한글"), "größe ☂\u{fe0f} 한글");
    }
}
