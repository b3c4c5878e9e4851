//! One entry in full: its identity, and under it what is known of it beside its routes.

use ratatui::style::Style;

use crate::demo::look::Look;
use crate::demo::screen::canvas::Canvas;
use crate::demo::search;
use crate::demo::text;
use crate::demo::view::Row;

const IDENTITY: usize = 2;
const SOURCE: usize = 4;
const AGE: usize = 16;
const LINK: usize = 25;
const ROUTES: usize = 36;

/// How entries are laid out on a page of some width and look.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    identity: usize,
    routes: usize,
    look: Look,
}

impl Shape {
    pub(super) fn new(width: usize, look: Look) -> Self {
        let room = |from: usize| width.saturating_sub(from + 1).max(1);
        Self {
            identity: room(IDENTITY),
            routes: room(ROUTES),
            look,
        }
    }

    /// How many lines the entry takes, two at least.
    pub(super) fn lines(self, row: &Row) -> usize {
        let lines = |text: &str, width| text::wrap(&text::clean(text, self.look), width).len();
        let routes: usize = row
            .routes
            .iter()
            .map(|route| lines(route, self.routes))
            .sum();
        lines(&row.identity, self.identity) + routes.max(1)
    }

    /// Draws the entry without its first `hidden` lines; returns how many lines it took.
    ///
    /// What holds `needle` is set off, and `mark` points at the entry.
    pub(super) fn draw(
        self,
        canvas: &mut Canvas<'_>,
        row: &Row,
        hidden: usize,
        needle: &str,
        mark: bool,
    ) -> usize {
        let look = self.look;
        let identity = text::clean(&row.identity, look);
        let mut lines = marked(&identity, self.identity, needle);
        let facts = lines.len();
        for route in &row.routes {
            lines.extend(marked(&text::clean(route, look), self.routes, needle));
        }
        for (line, pieces) in lines.iter().enumerate().skip(hidden) {
            let x = if line < facts { IDENTITY } else { ROUTES };
            let style = if line < facts {
                look.value()
            } else {
                Style::new()
            };
            let mut x = x;
            for (piece, hit) in pieces {
                let style = if *hit { look.matched() } else { style };
                x = canvas.text(x, line - hidden, piece, style);
            }
        }
        if mark && hidden == 0 {
            canvas.text(0, 0, ">", look.key());
        }
        if hidden <= facts {
            self.facts(canvas, facts - hidden, row);
        }
        lines.len().max(facts + 1) - hidden
    }

    fn facts(self, canvas: &mut Canvas<'_>, y: usize, row: &Row) {
        canvas.text(SOURCE, y, row.source.name(), Style::new());
        canvas.text(AGE, y, &text::age(row.age), Style::new());
        if row.connected {
            canvas.text(LINK, y, "connected", canvas.look.connected());
        }
        if row.routes.is_empty() {
            canvas.text(ROUTES, y, "no route", Style::new());
        }
    }
}

/// `text` in lines of `width` columns, each cut into pieces that belong to a match or do not.
fn marked(text: &str, width: usize, needle: &str) -> Vec<Vec<(String, bool)>> {
    let hits = hits(text, needle);
    let mut offset = 0;
    text::wrap(text, width)
        .into_iter()
        .map(|line| {
            let range = offset..offset + line.len();
            offset = range.end;
            pieces(text, range, &hits)
        })
        .collect()
}

/// Where `needle` stands in `text`.
fn hits(text: &str, needle: &str) -> Vec<std::ops::Range<usize>> {
    let mut hits = Vec::new();
    let mut from = 0;
    while let Some(place) = search::find(text, needle, from) {
        from = place + needle.len();
        hits.push(place..from);
    }
    hits
}

fn pieces(
    text: &str,
    line: std::ops::Range<usize>,
    hits: &[std::ops::Range<usize>],
) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    let mut at = line.start;
    let mut push = |from: usize, to: usize, hit: bool| {
        if let Some(piece) = text.get(from..to).filter(|piece| !piece.is_empty()) {
            pieces.push((piece.to_owned(), hit));
        }
    };
    for hit in hits {
        let (start, end) = (hit.start.clamp(at, line.end), hit.end.clamp(at, line.end));
        push(at, start, false);
        push(start, end, true);
        at = end;
    }
    push(at, line.end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, width: usize, needle: &str) -> Vec<Vec<(String, bool)>> {
        marked(text, width, needle)
    }

    #[test]
    fn a_match_is_set_off_across_the_end_of_a_line() {
        let piece = |text: &str, hit| (text.to_owned(), hit);
        assert_eq!(
            split("abcdef", 3, "CD"),
            [
                vec![piece("ab", false), piece("c", true)],
                vec![piece("d", true), piece("ef", false)]
            ]
        );
    }

    #[test]
    fn nothing_is_lost_whatever_is_searched() {
        for needle in ["", "a", "aa", "zz", "日"] {
            let all: String = split("aaa日本aa", 2, needle)
                .concat()
                .into_iter()
                .map(|p| p.0)
                .collect();
            assert_eq!(all, "aaa日本aa", "{needle}");
        }
    }
}
