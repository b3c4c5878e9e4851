//! The two test services: key, name, state, detail.

use ratatui::style::Style;

use super::canvas::Canvas;
use crate::demo::view::View;

pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View) {
    canvas.rule(0, "Test services", "");
    let look = canvas.look;
    for (index, service) in view.services.iter().enumerate() {
        let y = index + 1;
        canvas.text(1, y, &(index + 1).to_string(), look.key());
        canvas.text_in(4, y, 10, &service.name, Style::new());
        canvas.text_in(16, y, 10, service.state.name(), look.service(service.state));
        canvas.text(28, y, &service.detail, Style::new());
    }
}
