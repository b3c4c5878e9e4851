//! The live log: the latest lines, the newest at the bottom.

use ratatui::style::Style;

use super::canvas::Canvas;
use crate::demo::text;
use crate::demo::view::View;

pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View) {
    canvas.rule(0, "Log", "");
    let lines = canvas.height().saturating_sub(1);
    let skipped = view.log.len().saturating_sub(lines);
    for (line, entry) in view.log.iter().skip(skipped).enumerate() {
        let (y, style) = (line + 1, canvas.look.level(entry.level));
        canvas.text(1, y, &text::clock(entry.time), Style::new());
        canvas.text(10, y, entry.level.name(), style);
        canvas.text(16, y, &entry.text, style);
    }
}
