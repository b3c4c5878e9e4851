//! Text made fit for a terminal: cleaned, measured and cut by columns.

use std::time::Duration;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::look::Look;

/// How many characters one visible cluster (a letter and its marks) may have.
const CLUSTER: usize = 4;

/// `text` without anything that could disturb the terminal or mislead its reader.
///
/// White space becomes a blank; control characters and those that turn the writing direction become
/// a replacement; invisible characters that only join or vary others are left out, because terminals
/// disagree about their width.
pub(super) fn clean(text: &str, look: Look) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\t' | '\n' | '\r' => safe.push(' '),
            _ if is_joiner(char) => {}
            _ if is_harmful(char) => safe.push_str(look.replacement()),
            _ => safe.push(char),
        }
    }
    clusters(&safe)
        .map(|cluster| match cluster.is_ascii() || look.unicode {
            true => {
                &cluster[..cluster
                    .char_indices()
                    .nth(CLUSTER)
                    .map_or(cluster.len(), |c| c.0)]
            }
            false => look.replacement(),
        })
        .collect()
}

fn is_joiner(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e01ef}')
}

fn is_harmful(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2061}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// How many columns `text`, already clean, takes.
pub(super) fn width(text: &str) -> usize {
    clusters(text).map(columns).sum()
}

/// `text`, already clean, in at most `limit` columns: what does not fit is cut at the end.
pub(super) fn fit(text: &str, limit: usize, look: Look) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let ellipsis = look.ellipsis();
    let Some(room) = limit.checked_sub(width(ellipsis)) else {
        return head(text, limit).to_owned();
    };
    format!("{}{ellipsis}", head(text, room))
}

/// `text`, already clean, in at most `limit` columns: the middle is left out, and a third of the
/// room kept for the end, because identities and paths are told apart there.
pub(super) fn shorten(text: &str, limit: usize, look: Look) -> String {
    let ellipsis = look.ellipsis();
    let room = limit.saturating_sub(width(ellipsis));
    if width(text) <= limit || room < 3 {
        return fit(text, limit, look);
    }
    let end = room / 3;
    format!("{}{ellipsis}{}", head(text, room - end), tail(text, end))
}

/// `text`, already clean, in pieces of at most `limit` columns; one piece at least.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let piece = head(rest, limit);
        if piece.is_empty() || piece.len() == rest.len() {
            pieces.push(rest);
            return pieces;
        }
        pieces.push(piece);
        rest = &rest[piece.len()..];
    }
}

/// Like [`wrap`], but cut between words where that is possible, and of at most `lines` pieces.
pub(super) fn wrap_words(text: &str, limit: usize, lines: usize, look: Look) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while pieces.len() + 1 < lines && width(rest) > limit {
        let piece = head(rest, limit);
        let whole = rest[piece.len()..].starts_with(' ');
        let blank = piece
            .rfind(' ')
            .filter(|end| !whole && *end * 2 > piece.len());
        let end = blank.unwrap_or(piece.len());
        pieces.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    pieces.push(fit(rest, limit, look));
    pieces
}

fn head(text: &str, limit: usize) -> &str {
    let mut left = limit;
    let mut end = 0;
    for cluster in clusters(text) {
        let Some(rest) = left.checked_sub(columns(cluster)) else {
            break;
        };
        left = rest;
        end += cluster.len();
    }
    &text[..end]
}

/// The last of `text`, already clean, that fits in `limit` columns.
pub(super) fn tail(text: &str, limit: usize) -> &str {
    let mut left = limit;
    let mut start = text.len();
    for cluster in clusters(text).rev() {
        let Some(rest) = left.checked_sub(columns(cluster)) else {
            break;
        };
        left = rest;
        start -= cluster.len();
    }
    &text[start..]
}

fn columns(cluster: &str) -> usize {
    usize::from(cluster.cell_width())
}

fn clusters(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true)
}

/// A number with a comma between each three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment of the demo's own clock, as `hh:mm:ss`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// An age in its two largest units, at most seven columns for ages below a thousand days.
pub(super) fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m{:02}s", seconds % 60),
        3600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        colour: true,
        unicode: true,
    };
    const ASCII: Look = Look {
        colour: true,
        unicode: false,
    };

    #[test]
    fn control_characters_and_direction_marks_are_replaced() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}", PLAIN), "a\u{fffd}[31mb\u{fffd}");
        assert_eq!(clean("exe\u{202e}gpj", ASCII), "exe?gpj");
        assert_eq!(clean("one\ttwo\r\n", PLAIN), "one two  ");
    }

    #[test]
    fn joiners_are_left_out_and_marks_do_not_pile_up() {
        assert_eq!(clean("a\u{200b}b\u{fe0f}", PLAIN), "ab");
        let heap = format!("e{}!", "\u{301}".repeat(50));
        assert_eq!(clean(&heap, PLAIN), "e\u{301}\u{301}\u{301}!");
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii_only() {
        assert_eq!(clean("café 日本 👍", ASCII), "caf? ?? ?");
        assert!(fit(&clean("日本語 and more", ASCII), 6, ASCII).is_ascii());
    }

    #[test]
    fn text_is_cut_by_columns_and_wide_characters_stay_whole() {
        assert_eq!(width("日本"), 4);
        assert_eq!(fit("日本語", 6, PLAIN), "日本語");
        assert_eq!(fit("日本語", 5, PLAIN), "日本…");
        assert_eq!(fit("日本語", 4, PLAIN), "日…");
        assert_eq!(fit("abcdef", 5, ASCII), "ab...");
        assert_eq!(fit("abcdef", 2, ASCII), "ab");
        assert_eq!(fit("abcdef", 0, PLAIN), "");
    }

    #[test]
    fn the_end_survives_shortening() {
        assert_eq!(
            shorten("tuyau1abcdefghijklmnop", 13, PLAIN),
            "tuyau1ab…mnop"
        );
        assert_eq!(shorten("short", 13, PLAIN), "short");
    }

    #[test]
    fn wrapping_keeps_every_character() {
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("日本", 1), ["日本"]);
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        let pieces = wrap_words("the file could not be read", 12, 3, PLAIN);
        assert_eq!(pieces, ["the file", "could not be", "read"]);
        let pieces = wrap_words("the file could not be read", 12, 2, PLAIN);
        assert_eq!(pieces, ["the file", "could not b…"]);
    }

    #[test]
    fn numbers_and_times_are_short_to_read() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(clock(Duration::from_secs(3_725)), "01:02:05");
        assert_eq!(age(Duration::from_secs(59)), "59s");
        assert_eq!(age(Duration::from_secs(61)), "1m01s");
        assert_eq!(age(Duration::from_secs(7_260)), "2h01m");
        assert_eq!(age(Duration::from_secs(90_000)), "1d01h");
    }
}
