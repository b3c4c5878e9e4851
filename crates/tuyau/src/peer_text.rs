//! What a peer said, in an error.

/// How many characters of it are shown.
const SHOWN: usize = 400;

/// A peer's words for a person: short, in one line, and without what a terminal obeys or what is not
/// seen.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    text.chars()
        .take(SHOWN)
        .for_each(|character| push(&mut shown, character));
    shown
}

/// A peer's text of several lines for a person, whole, and without what a terminal obeys.
#[cfg(feature = "ssh")]
pub(crate) fn shown_lines(text: &str) -> String {
    let mut shown = String::new();
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line.strip_suffix('\r').unwrap_or(line), "\n"),
            None => (line, ""),
        };
        for character in line.chars() {
            match character {
                '\t' => shown.push(character),
                _ => push(&mut shown, character),
            }
        }
        shown += end;
    }
    shown
}

/// A peer's words in quotes, whole.
#[cfg_attr(
    not(feature = "ssh"),
    allow(dead_code, reason = "SSH has such words, and its fuzz target")
)]
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in format!("{text:?}").chars() {
        match is_filler(character) {
            true => quoted.extend(character.escape_unicode()),
            false => quoted.push(character),
        }
    }
    quoted
}

fn push(shown: &mut String, character: char) {
    match character {
        '"' | '\'' | '\\' => shown.push(character),
        _ if is_filler(character) => shown.extend(character.escape_unicode()),
        _ => shown.extend(character.escape_debug()),
    }
}

/// Whether nothing is shown of a character, or a gap, though it passes for printable.
fn is_filler(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stands_in_a_peers_words_unseen() {
        let fillers = "\u{ad}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{e0000}\u{e0041}\u{e007f}\u{200b}";
        for filler in fillers.chars() {
            let expected = format!("a{}b", filler.escape_unicode());
            assert_eq!(shown(&format!("a{filler}b")), expected);
        }
        assert_eq!(shown("it's \"größe\" 한글"), "it's \"größe\" 한글");
    }
}
