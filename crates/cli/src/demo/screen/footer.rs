//! The foot of the main screen: what the last action came to, and the keys.

use ratatui::style::Style;

use super::canvas::Canvas;
use crate::demo::look::Look;
use crate::demo::text;
use crate::demo::ui::Ui;
use crate::demo::view::{Level, View};

/// How many lines a notice may take.
const NOTICE_LINES: usize = 3;

const KEYS: [(&str, &str); 10] = [
    ("m", "message"),
    ("M", "thousand"),
    ("n", "new route"),
    ("s", "save"),
    ("r", "restore"),
    ("1 2", "services"),
    ("S", "whole state"),
    ("arrows", "scroll"),
    ("?", "help"),
    ("q", "quit"),
];

/// The lines of the notice: what is being done, else what was done, else where the state is saved.
pub(super) fn notice(view: &View, ui: &Ui, width: usize, look: Look) -> Vec<String> {
    let text = match (ui.working.as_slice(), &ui.notice) {
        ([action], _) => format!("working: {}", action.describe()),
        ([action, rest @ ..], _) => {
            format!(
                "working: {} ({} more waiting)",
                action.describe(),
                rest.len()
            )
        }
        ([], Some(notice)) if notice.level == Level::Info => notice.text.clone(),
        ([], Some(notice)) => format!("{}: {}", notice.level.name(), notice.text),
        ([], None) => format!("snapshot file: {}", view.snapshot_path),
    };
    let text = text::clean(&text, look);
    text::wrap_words(&text, width.saturating_sub(2), NOTICE_LINES, look)
}

pub(super) fn draw_notice(canvas: &mut Canvas<'_>, lines: &[String], ui: &Ui) {
    let style = match &ui.notice {
        Some(notice) if ui.working.is_empty() => canvas.look.level(notice.level),
        _ => Style::new(),
    };
    for (y, line) in lines.iter().enumerate() {
        canvas.text(1, y, line, style);
    }
}

/// The keys, over as many lines as they need.
pub(super) fn draw_keys(canvas: &mut Canvas<'_>) {
    let look = canvas.look;
    let (mut x, mut y) = (1, 0);
    for (key, meaning) in KEYS {
        let width = key.len() + 1 + meaning.len();
        if x + width > canvas.width() {
            (x, y) = (1, y + 1);
        }
        let pieces = [
            (key, look.key()),
            (" ", Style::new()),
            (meaning, Style::new()),
        ];
        x = canvas.pieces(x, y, &pieces) + 2;
    }
}
