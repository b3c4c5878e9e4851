//! Who gets how many lines.

use ratatui::layout::{Rect, Size};

const HEADER: u16 = 2;
const TABLE_HEAD: u16 = 2;
const SERVICES: u16 = 3;
const LOG_HEAD: u16 = 1;
const KEYS: u16 = 2;
const STATE_HEAD: u16 = 3;
const STATE_FOOT: u16 = 1;

/// The parts of the main screen, from top to bottom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Main {
    pub(super) header: Rect,
    pub(super) table: Rect,
    pub(super) services: Rect,
    pub(super) log: Rect,
    pub(super) notice: Rect,
    pub(super) keys: Rect,
}

/// Divides `area`; a notice of more than one line takes the others from the log.
pub(super) fn main(area: Rect, notice_lines: usize) -> Main {
    let notice = u16::try_from(notice_lines.max(1)).unwrap_or(u16::MAX);
    let table = TABLE_HEAD + rows(area.height);
    let above = HEADER + table + SERVICES;
    let log = area
        .height
        .saturating_sub(above + notice.saturating_add(KEYS));
    let mut y = area.y;
    let mut take = |height: u16| {
        let part = Rect::new(area.x, y, area.width, height).intersection(area);
        y = y.saturating_add(height);
        part
    };
    Main {
        header: take(HEADER),
        table: take(table),
        services: take(SERVICES),
        log: take(log),
        notice: take(notice),
        keys: take(KEYS),
    }
}

/// How many entries the table of the main screen shows.
pub(in crate::demo) fn table_rows(size: Size) -> usize {
    usize::from(rows(size.height))
}

/// How many lines of entries the page of the whole state shows.
pub(in crate::demo) fn state_lines(size: Size) -> usize {
    usize::from(size.height.saturating_sub(STATE_HEAD + STATE_FOOT).max(1))
}

/// Three fifths of the lines that the table and the log share, one line at least.
fn rows(height: u16) -> u16 {
    let shared = height.saturating_sub(HEADER + TABLE_HEAD + SERVICES + LOG_HEAD + KEYS + 1);
    (u32::from(shared) * 3 / 5).max(1) as u16
}
