//! The page of the whole state: full identities, all routes, search.

mod entry;

use ratatui::layout::Size;
use ratatui::style::Style;

use self::entry::Shape;
use super::canvas::Canvas;
use super::layout::state_lines;
use crate::demo::look::Look;
use crate::demo::scroll::Page;
use crate::demo::text;
use crate::demo::ui::{Hit, Mode, Ui};
use crate::demo::view::View;
use crate::plural;

/// The page that a screen of `size` shows of `view`.
pub(in crate::demo) fn page(
    view: &View,
    look: Look,
    size: Size,
) -> Page<'_, impl Fn(usize) -> usize> {
    let shape = Shape::new(usize::from(size.width), look);
    let lines_of = move |index| view.row(index).map_or(1, |row| shape.lines(row));
    Page {
        view,
        height: state_lines(size),
        lines_of,
    }
}

/// The entry with which the page begins.
pub(in crate::demo) fn top_entry(view: &View, ui: &Ui, size: Size) -> usize {
    page(view, ui.look, size).top(ui.position).0
}

pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View, ui: &Ui) {
    let size = canvas.area().as_size();
    let page = page(view, ui.look, size);
    let (top, skipped) = page.top(ui.position);
    let shape = Shape::new(canvas.width(), canvas.look);
    let found = match ui.hit {
        Hit::At(found) if !ui.needle.is_empty() => Some(found.index),
        _ => None,
    };
    let (mut y, mut index) = (3, top);
    let end = 3 + page.height;
    let mut hidden = skipped;
    while y < end && index < view.total {
        let Some(row) = view.row(index) else {
            canvas.text(2, y, canvas.look.ellipsis(), Style::new());
            (y, index, hidden) = (y + 1, index + 1, 0);
            continue;
        };
        let mut area = canvas.area();
        (area.y, area.height) = (area.y + y as u16, (end - y) as u16);
        let mark = found == Some(index);
        y += shape.draw(&mut canvas.part(area), row, hidden, &ui.needle, mark);
        (index, hidden) = (index + 1, 0);
    }
    head(canvas, view, top, index);
    foot(canvas, ui);
}

fn head(canvas: &mut Canvas<'_>, view: &View, top: usize, end: usize) {
    let (look, edge) = (canvas.look, canvas.width() - 1);
    let number = |number: usize| text::count(number as u64);
    canvas.text(1, 0, "Whole state", look.title());
    let counts = format!(
        "{} {} processed   {} {}",
        text::count(view.processed),
        plural::messages(view.processed),
        number(view.total),
        plural::routes(view.total)
    );
    canvas.text_before(edge, 0, &counts, look.value());
    let x = canvas.text(1, 1, "router ", Style::new());
    let identity = text::clean(&view.identity, look);
    canvas.text(
        x,
        1,
        &text::shorten(&identity, edge.saturating_sub(x), look),
        look.value(),
    );
    let extent = match view.total {
        0 => "empty".to_owned(),
        total => format!("{}-{} of {}", number(top + 1), number(end), number(total)),
    };
    canvas.rule(2, "Routing table", &extent);
    if view.total == 0 {
        canvas.text(2, 3, "The table is empty.", Style::new());
    }
}

fn foot(canvas: &mut Canvas<'_>, ui: &Ui) {
    let y = canvas.height() - 1;
    let (key, plain) = (canvas.look.key(), Style::new());
    if ui.mode == Mode::Search {
        let hint = "  Enter finds  Esc cancels";
        let room = canvas.width() - 3 - hint.len();
        let typing = text::clean(&ui.typing, canvas.look);
        let x = canvas.text(1, y, "/", key);
        let x = canvas.text(x, y, text::tail(&typing, room), canvas.look.value());
        let x = canvas.text(x, y, " ", canvas.look.matched());
        canvas.text(x, y, hint, plain);
        return;
    }
    if ui.needle.is_empty() {
        let pieces = [
            ("arrows PgUp PgDn Home End", key),
            (" scroll  ", plain),
            ("/", key),
            (" search  ", plain),
            ("?", key),
            (" help  ", plain),
            ("Esc", key),
            (" back", plain),
        ];
        canvas.pieces(1, y, &pieces);
        return;
    }
    let status = match ui.hit {
        Hit::Pending => "searching".to_owned(),
        Hit::Nothing => "no match".to_owned(),
        Hit::At(found) => format!(
            "match {} of {}",
            text::count(found.nth as u64),
            text::count(found.count as u64)
        ),
    };
    let hints = [
        ("  n", key),
        (" next  ", plain),
        ("N", key),
        (" previous  ", plain),
        ("Esc", key),
        (" end", plain),
    ];
    let taken: usize = hints.iter().map(|(text, _)| text.len()).sum();
    let room = canvas.width().saturating_sub(taken + status.len() + 5);
    let x = canvas.text(1, y, "/", key);
    let x = canvas.text_in(x, y, room, &ui.needle, canvas.look.value());
    let x = canvas.text(x + 2, y, &status, canvas.look.value());
    canvas.pieces(x, y, &hints);
}
