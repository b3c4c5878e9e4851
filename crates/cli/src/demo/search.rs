//! Finding an entry of the table.

/// Which way a search goes from where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end of the table, and on from its beginning.
    Forward,
    /// Towards the beginning, and on from the end.
    Backward,
}

/// A search to be made over the whole table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The text to find, as [`Row::matches`](super::Row::matches) understands it; never empty.
    pub needle: String,
    /// The position from which to search; an entry there counts as the first one looked at.
    pub from: usize,
    /// Which way to go.
    pub direction: Direction,
}

/// The entry that a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its position in the table, counted from zero.
    pub index: usize,
    /// Its place among all matches, counted from one.
    pub nth: usize,
    /// How many entries match in all.
    pub count: usize,
}

/// The match that comes first when searching from `from` in `direction` and around the end.
///
/// `matching` says of each entry of the table, in order, whether it matches; it is read once.
///
/// # Examples
///
/// ```
/// use tuyau_cli::demo::{Direction, Found, locate};
///
/// let names = ["ant", "bee", "cat", "bear"];
/// let found = locate(names.iter().map(|name| name.contains('b')), 2, Direction::Forward);
/// assert_eq!(found, Some(Found { index: 3, nth: 2, count: 2 }));
/// ```
pub fn locate(
    matching: impl IntoIterator<Item = bool>,
    from: usize,
    direction: Direction,
) -> Option<Found> {
    let mut count = 0;
    let mut at_or_before = None;
    let mut at_or_after = None;
    let (mut first, mut last) = (None, None);
    for (index, _) in matching
        .into_iter()
        .enumerate()
        .filter(|(_, matches)| *matches)
    {
        count += 1;
        let hit = (index, count);
        first = first.or(Some(hit));
        last = Some(hit);
        if index <= from {
            at_or_before = Some(hit);
        }
        if index >= from {
            at_or_after = at_or_after.or(Some(hit));
        }
    }
    let (index, nth) = match direction {
        Direction::Forward => at_or_after.or(first)?,
        Direction::Backward => at_or_before.or(last)?,
    };
    Some(Found { index, nth, count })
}

/// Whether `text` holds `needle`, ASCII letters compared without their case.
pub(super) fn contains(text: &str, needle: &str) -> bool {
    find(text, needle, 0).is_some()
}

/// Where `needle` first stands in `text` at or after byte `from`.
pub(super) fn find(text: &str, needle: &str, from: usize) -> Option<usize> {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    if needle.is_empty() {
        return None;
    }
    let rest = text.get(from..)?;
    let place = rest
        .windows(needle.len())
        .position(|part| part.eq_ignore_ascii_case(needle))?;
    Some(from + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(from: usize, direction: Direction) -> Option<(usize, usize, usize)> {
        let matching = [false, true, false, true, false];
        locate(matching, from, direction).map(|found| (found.index, found.nth, found.count))
    }

    #[test]
    fn goes_around_the_end_in_both_directions() {
        assert_eq!(at(2, Direction::Forward), Some((3, 2, 2)));
        assert_eq!(at(4, Direction::Forward), Some((1, 1, 2)));
        assert_eq!(at(2, Direction::Backward), Some((1, 1, 2)));
        assert_eq!(at(0, Direction::Backward), Some((3, 2, 2)));
    }

    #[test]
    fn an_entry_at_the_start_counts() {
        assert_eq!(at(3, Direction::Forward), Some((3, 2, 2)));
        assert_eq!(at(3, Direction::Backward), Some((3, 2, 2)));
    }

    #[test]
    fn finds_nothing_where_nothing_matches() {
        assert_eq!(locate([false, false], 0, Direction::Forward), None);
        assert_eq!(locate([], 7, Direction::Backward), None);
    }

    #[test]
    fn letters_match_whatever_their_case() {
        assert!(contains("tls://Example.ORG:6000", "example.org"));
        assert!(!contains("tls://10.0.0.1:1", "10.0.0.2"));
        assert!(!contains("anything", ""));
    }
}
