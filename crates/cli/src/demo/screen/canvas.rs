//! The one way in which text reaches the screen: cleaned, and cut at the edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::demo::look::Look;
use crate::demo::text;

/// A rectangle of the screen; columns and lines are counted from its corner.
pub(super) struct Canvas<'a> {
    area: Rect,
    buffer: &'a mut Buffer,
    pub(super) look: Look,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(area: Rect, buffer: &'a mut Buffer, look: Look) -> Self {
        Self {
            area: area.intersection(buffer.area),
            buffer,
            look,
        }
    }

    /// The rectangle `area`, in the columns and lines of the whole screen.
    pub(super) fn part(&mut self, area: Rect) -> Canvas<'_> {
        Canvas::new(area.intersection(self.area), self.buffer, self.look)
    }

    pub(super) fn area(&self) -> Rect {
        self.area
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    pub(super) fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    /// Writes `text` from column `x` of line `y` to the edge at most; returns the next free column.
    pub(super) fn text(&mut self, x: usize, y: usize, text: &str, style: Style) -> usize {
        self.text_in(x, y, usize::MAX, text, style)
    }

    /// Writes `text` in at most `width` columns, with a mark where it was cut.
    pub(super) fn text_in(
        &mut self,
        x: usize,
        y: usize,
        width: usize,
        text: &str,
        style: Style,
    ) -> usize {
        let room = width.min(self.width().saturating_sub(x));
        if room == 0 || y >= self.height() {
            return x;
        }
        let text = text::fit(&text::clean(text, self.look), room, self.look);
        let (column, line) = (self.area.x + x as u16, self.area.y + y as u16);
        let (end, _) = self.buffer.set_stringn(column, line, text, room, style);
        usize::from(end - self.area.x)
    }

    /// Writes `text` so that it ends before column `end`; returns the column where it begins.
    pub(super) fn text_before(&mut self, end: usize, y: usize, text: &str, style: Style) -> usize {
        let text = text::clean(text, self.look);
        let x = end.saturating_sub(text::width(&text));
        self.text_in(x, y, end - x, &text, style);
        x
    }

    /// Writes the pieces one after the other, each in its style; returns the next free column.
    pub(super) fn pieces(&mut self, x: usize, y: usize, pieces: &[(&str, Style)]) -> usize {
        pieces
            .iter()
            .fold(x, |x, (text, style)| self.text(x, y, text, *style))
    }

    /// Draws a rule over line `y`, with a title in it and a remark at its end.
    pub(super) fn rule(&mut self, y: usize, title: &str, remark: &str) {
        let line = self.look.rule().repeat(self.width());
        self.text(0, y, &line, Style::new());
        if !title.is_empty() {
            self.text(1, y, &format!(" {title} "), self.look.title());
        }
        if !remark.is_empty() {
            self.text_before(self.width() - 1, y, &format!(" {remark} "), Style::new());
        }
    }
}
