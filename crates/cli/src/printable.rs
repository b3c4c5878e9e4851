//! Text from outside, made fit to be printed on one line.

/// How many characters of a message are shown. The rest is for programs, not for a log.
const CHARACTERS_MAX: usize = 200;

/// The bytes as text on one line: bounded, and without anything that could steer a terminal.
pub(crate) fn printable(bytes: &[u8]) -> String {
    // No character of the result takes more than four bytes of the source.
    let head = &bytes[..bytes.len().min(CHARACTERS_MAX * 4 + 4)];
    let text = String::from_utf8_lossy(head);
    let mut shown: String = text.chars().take(CHARACTERS_MAX).map(visible).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// A message of an error on one line, whatever its length.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| {
        // Columns have no meaning on a line of their own.
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let joined = lines.collect::<Vec<_>>().join("; ");
    joined.chars().map(visible).collect()
}

fn visible(c: char) -> char {
    let steers = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() || steers => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_steer_the_terminal_or_fill_it() {
        assert_eq!(printable(b"hi there"), "hi there");
        assert_eq!(printable(b"a\x1b[31mb\nc\xff"), "a\u{fffd}[31mb c\u{fffd}");
        assert_eq!(printable("x\u{202e}y".as_bytes()), "x\u{fffd}y");
        for long in ["x".repeat(100_000), "\u{10348}".repeat(1_000)] {
            let shown = printable(long.as_bytes());
            assert_eq!(shown.chars().count(), CHARACTERS_MAX + 1);
            assert!(shown.ends_with('…'));
        }
    }

    #[test]
    fn an_error_of_several_lines_becomes_one() {
        assert_eq!(
            one_line("no\n  1. this  so\n  2. that  so"),
            "no; 1. this so; 2. that so"
        );
    }
}
