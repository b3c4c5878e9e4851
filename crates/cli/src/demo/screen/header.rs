//! The two lines at the top: which router this is and what it has done.

use ratatui::style::Style;

use super::canvas::Canvas;
use crate::demo::text;
use crate::demo::view::View;
use crate::plural;

pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View) {
    let (look, edge) = (canvas.look, canvas.width() - 1);
    let x = canvas.pieces(
        1,
        0,
        &[("Tuyau demo", look.title()), ("   router ", Style::new())],
    );
    let end = canvas.text_before(
        edge,
        0,
        &format!("up {}", text::clock(view.uptime)),
        Style::new(),
    );
    let identity = text::clean(&view.identity, look);
    let identity = text::shorten(&identity, end.saturating_sub(x + 2), look);
    canvas.text(x, 0, &identity, look.value());

    let narrow = canvas.width() < 80;
    let counts = counts(view, narrow);
    let end = edge.saturating_sub(counts.iter().map(|(piece, _)| text::width(piece)).sum());
    for (x, (piece, bold)) in columns(end, &counts) {
        canvas.text(x, 1, piece, if bold { look.value() } else { Style::new() });
    }
    let label = if narrow { "on " } else { "listening on " };
    let x = canvas.text(1, 1, label, Style::new());
    let listen = text::clean(&view.listen, look);
    canvas.text(
        x,
        1,
        &text::shorten(&listen, end.saturating_sub(x + 2), look),
        look.value(),
    );
}

fn counts(view: &View, narrow: bool) -> [(String, bool); 4] {
    let label = if narrow {
        " processed   ".to_owned()
    } else {
        format!(" {} processed   ", plural::messages(view.processed))
    };
    [
        (text::count(view.processed), true),
        (label, false),
        (text::count(view.total as u64), true),
        (format!(" {}", plural::routes(view.total)), false),
    ]
}

fn columns(start: usize, pieces: &[(String, bool)]) -> impl Iterator<Item = (usize, (&str, bool))> {
    pieces.iter().scan(start, |x, (piece, bold)| {
        let here = *x;
        *x += text::width(piece);
        Some((here, (piece.as_str(), *bold)))
    })
}
