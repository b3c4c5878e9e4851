//! Text from outside, made fit to stand in a message: bounded, and without control characters.

/// Characters of a value that a message repeats.
const QUOTED_CHARACTERS: usize = 80;

/// `text` between backquotes, shortened, with control characters replaced.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shortened(text))
}

/// `text` shortened, with control characters replaced.
pub(crate) fn shortened(text: &str) -> String {
    let mut characters = text.chars().map(visible);
    let mut shown: String = characters.by_ref().take(QUOTED_CHARACTERS).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// The names in backquotes, separated by commas.
pub(crate) fn quoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// A source line that keeps its columns and cannot steer a terminal.
pub(crate) fn clean_line(line: &str) -> String {
    line.trim_end()
        .chars()
        .map(|c| if c == '\t' { ' ' } else { visible(c) })
        .collect()
}

fn visible(c: char) -> char {
    let steers = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if c.is_control() || steers {
        '\u{fffd}'
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_steer_the_terminal_or_fill_it() {
        assert_eq!(quoted("a\u{1b}[31mb\n"), "`a\u{fffd}[31mb\u{fffd}`");
        let long = quoted(&"x".repeat(1000));
        assert_eq!(long.chars().count(), QUOTED_CHARACTERS + 3);
        assert!(long.ends_with("…`"));
    }
}
