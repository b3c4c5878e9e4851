//! What a peer said, in an error.

/// How many characters of it are shown.
const SHOWN: usize = 400;

/// A peer's words for a person: short, in one line, and without what a terminal obeys.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}
