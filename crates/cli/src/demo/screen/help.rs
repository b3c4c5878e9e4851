//! The list of keys.

use ratatui::style::Style;

use super::canvas::Canvas;
use crate::demo::text;
use crate::demo::view::View;

const KEYS: [(&str, &str); 13] = [
    ("m", "one listen message of a simulated service"),
    ("M", "a thousand of them"),
    ("n", "the first identity announces a new route"),
    ("s", "save the state"),
    ("r", "restore the state that was saved"),
    ("1  2", "start or stop a test service"),
    ("S", "the whole state; S, q or Esc closes it"),
    ("arrows j k", "one line; PgUp PgDn Home End go further"),
    ("/", "search the whole state, Enter finds"),
    ("n  N", "next and previous match; Esc ends the search"),
    ("Ctrl-L", "draw the screen again"),
    ("?", "this list; ?, q or Esc closes it"),
    ("q  Ctrl-C", "quit"),
];

pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View) {
    canvas.rule(0, "Keys", "Esc closes");
    let style = canvas.look.key();
    for (line, (key, meaning)) in KEYS.iter().enumerate() {
        canvas.text(1, line + 1, key, style);
        canvas.text(14, line + 1, meaning, Style::new());
    }
    let path = text::clean(&view.snapshot_path, canvas.look);
    let path = text::shorten(&path, canvas.width() - 15, canvas.look);
    canvas.text(1, KEYS.len() + 1, "state file", Style::new());
    canvas.text(14, KEYS.len() + 1, &path, Style::new());
}
