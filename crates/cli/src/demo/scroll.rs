//! The scroll position of the whole-state page, whose entries differ in height.
//!
//! Only the entries of the view's window have a known height. Others are counted as one line; they
//! come into the window before they come into sight, so that this is seen on a jump at most, and
//! only until the next view arrives.

use super::view::View;

/// Where the page of the whole state stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The page begins with `line` (from zero) of `entry` (from zero).
    At {
        /// The entry's position in the table.
        entry: usize,
        /// The line within the entry.
        line: usize,
    },
    /// The page ends with the last line of the table, also when the table grows.
    End,
}

impl Default for Position {
    fn default() -> Self {
        Self::At { entry: 0, line: 0 }
    }
}

/// A page of `height` lines over the entries of `view`, of which `lines_of` tells the height.
pub(super) struct Page<'a, F> {
    pub(super) view: &'a View,
    pub(super) height: usize,
    pub(super) lines_of: F,
}

impl<F: Fn(usize) -> usize> Page<'_, F> {
    /// The entry and the line with which the page begins.
    pub(super) fn top(&self, position: Position) -> (usize, usize) {
        match position {
            Position::At { entry, line } if entry < self.view.total => {
                (entry, line.min((self.lines_of)(entry) - 1))
            }
            _ => self.last_page(),
        }
    }

    /// The position `lines` further down, but not past the last full page.
    pub(super) fn down(&self, position: Position, lines: usize) -> Position {
        let (mut entry, mut line) = self.top(position);
        if self.last_page() <= (entry, line) {
            return position;
        }
        line += lines;
        while entry < self.view.total && line >= (self.lines_of)(entry) {
            line -= (self.lines_of)(entry);
            entry += 1;
        }
        if self.last_page() <= (entry, line) {
            return Position::End;
        }
        Position::At { entry, line }
    }

    /// The position `lines` further up, but not before the beginning.
    pub(super) fn up(&self, position: Position, lines: usize) -> Position {
        let (entry, line) = self.back(self.top(position), lines);
        Position::At { entry, line }
    }

    fn last_page(&self) -> (usize, usize) {
        self.back((self.view.total, 0), self.height)
    }

    fn back(&self, (mut entry, mut line): (usize, usize), lines: usize) -> (usize, usize) {
        let mut left = lines;
        while left > line {
            if entry == 0 {
                return (0, 0);
            }
            left -= line;
            entry -= 1;
            line = (self.lines_of)(entry);
        }
        (entry, line - left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten entries of heights 1, 2, 3, 1, 2, 3… on a page of four lines: 19 lines in all.
    fn page(view: &View) -> Page<'_, impl Fn(usize) -> usize> {
        Page {
            view,
            height: 4,
            lines_of: |entry| entry % 3 + 1,
        }
    }

    fn at(entry: usize, line: usize) -> Position {
        Position::At { entry, line }
    }

    fn ten() -> View {
        View {
            total: 10,
            ..View::default()
        }
    }

    #[test]
    fn moves_line_by_line_through_tall_entries() {
        let (view, mut seen) = (ten(), vec![at(0, 0)]);
        for _ in 0..5 {
            seen.push(page(&view).down(*seen.last().unwrap(), 1));
        }
        assert_eq!(
            seen,
            [at(0, 0), at(1, 0), at(1, 1), at(2, 0), at(2, 1), at(2, 2)]
        );
        let mut here = seen[5];
        for expected in seen.iter().rev().skip(1) {
            here = page(&view).up(here, 1);
            assert_eq!(here, *expected);
        }
    }

    #[test]
    fn stops_with_the_last_line_at_the_bottom() {
        let view = ten();
        assert_eq!(page(&view).down(at(0, 0), 1_000), Position::End);
        assert_eq!(page(&view).down(Position::End, 1), Position::End);
        assert_eq!(page(&view).top(Position::End), (8, 0));
        assert_eq!(page(&view).up(Position::End, 1), at(7, 1));
    }

    #[test]
    fn stops_at_the_beginning() {
        let view = ten();
        assert_eq!(page(&view).up(at(2, 1), 1_000), at(0, 0));
        assert_eq!(page(&view).up(at(0, 0), 1), at(0, 0));
    }

    #[test]
    fn a_short_or_empty_table_does_not_move() {
        for total in [0, 1, 2] {
            let view = View {
                total,
                ..View::default()
            };
            assert_eq!(page(&view).top(Position::End), (0, 0));
            assert_eq!(page(&view).down(at(0, 0), 1), at(0, 0));
        }
    }

    #[test]
    fn a_match_near_the_end_stays_where_it_is_found() {
        let view = ten();
        assert_eq!(page(&view).top(at(9, 0)), (9, 0));
        assert_eq!(page(&view).down(at(9, 0), 1), at(9, 0));
    }

    #[test]
    fn a_table_that_shrank_shows_its_end() {
        let view = View {
            total: 3,
            ..View::default()
        };
        assert_eq!(page(&view).top(at(9, 2)), (1, 1));
    }
}
