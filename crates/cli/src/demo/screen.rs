//! Putting a view on the screen.

mod canvas;
mod footer;
mod header;
mod help;
mod layout;
mod log;
mod services;
mod state;
mod table;

use ratatui::Frame;
use ratatui::layout::Size;

use self::canvas::Canvas;
use super::scroll::Position;
use super::ui::{Mode, Ui};
use super::view::{View, Window};

pub(super) use self::layout::table_rows;
pub(super) use self::state::{page as state_page, top_entry};

/// The smallest screen that shows everything essential, in columns and lines.
///
/// On a smaller one a message says so in place of the page.
pub const MINIMUM: Size = Size {
    width: 60,
    height: 16,
};

/// Draws the page that `ui` asks for.
///
/// The cost depends on the size of the screen, not on that of the table.
pub fn draw(frame: &mut Frame<'_>, view: &View, ui: &Ui) {
    let mut canvas = Canvas::new(frame.area(), frame.buffer_mut(), ui.look);
    if canvas.width() < usize::from(MINIMUM.width) || canvas.height() < usize::from(MINIMUM.height)
    {
        return too_small(&mut canvas);
    }
    match ui.mode {
        Mode::Main => main(&mut canvas, view, ui),
        Mode::State | Mode::Search => state::draw(&mut canvas, view, ui),
        Mode::Help => help::draw(&mut canvas, view),
    }
}

/// The part of the table that the next [`draw`] on a screen of `size` needs.
///
/// It holds somewhat more than what is seen, so that one key further can be drawn at once. `total`
/// is the number of entries of the whole table as far as it is known.
pub fn window(ui: &Ui, total: usize, size: Size) -> Window {
    match (ui.mode, ui.below_help) {
        (Mode::State | Mode::Search, _) | (Mode::Help, Mode::State) => {
            let page = layout::state_lines(size);
            let first = match ui.position {
                Position::At { entry, .. } => entry.min(total).saturating_sub(page),
                Position::End => total.saturating_sub(2 * page),
            };
            Window {
                first,
                count: 3 * page,
            }
        }
        _ => {
            let rows = table_rows(size);
            Window {
                first: ui.table_top.min(total.saturating_sub(rows)),
                count: rows,
            }
        }
    }
}

fn main(canvas: &mut Canvas<'_>, view: &View, ui: &Ui) {
    let notice = footer::notice(view, ui, canvas.width(), canvas.look);
    let areas = layout::main(canvas.area(), notice.len());
    header::draw(&mut canvas.part(areas.header), view);
    table::draw(&mut canvas.part(areas.table), view, ui.table_top);
    services::draw(&mut canvas.part(areas.services), view);
    log::draw(&mut canvas.part(areas.log), view);
    footer::draw_notice(&mut canvas.part(areas.notice), &notice, ui);
    footer::draw_keys(&mut canvas.part(areas.keys));
}

fn too_small(canvas: &mut Canvas<'_>) {
    let text = format!(
        "terminal too small: {}x{}, needs {}x{} (q quits)",
        canvas.width(),
        canvas.height(),
        MINIMUM.width,
        MINIMUM.height
    );
    let style = canvas.look.value();
    let lines = super::text::wrap_words(&text, canvas.width(), canvas.height(), canvas.look);
    for (y, line) in lines.iter().enumerate() {
        canvas.text(0, y, line, style);
    }
}
