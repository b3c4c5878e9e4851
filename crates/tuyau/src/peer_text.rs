//! What a peer said, in an error.

/// How many characters of it are shown.
const SHOWN: usize = 400;

/// A peer's words for a person: short, in one line, and without what a terminal obeys.
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

fn push(shown: &mut String, character: char) {
    match character {
        '"' | '\'' | '\\' => shown.push(character),
        _ => shown.extend(character.escape_debug()),
    }
}
