//! Colour, and what stands in for it.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use tuyau_cli::demo::{Level, Look, Mode, Notice, Ui};

use crate::fixture::{FULL, SIZE, shown, text};

const PAGES: [Mode; 4] = [Mode::Main, Mode::State, Mode::Search, Mode::Help];

fn page(mode: Mode, look: Look) -> Buffer {
    let mut ui = Ui::new(look);
    ui.mode = mode;
    ui.notice = Some(Notice {
        level: Level::Error,
        text: "it failed".to_owned(),
    });
    shown(1_002, &ui, SIZE)
}

fn colours(buffer: &Buffer) -> usize {
    let plain = |colour| colour == Color::Reset;
    buffer
        .content
        .iter()
        .filter(|cell| !plain(cell.fg) || !plain(cell.bg))
        .count()
}

#[test]
fn without_colour_no_cell_has_one() {
    for mode in PAGES {
        assert_eq!(
            colours(&page(
                mode,
                Look {
                    colour: false,
                    unicode: true
                }
            )),
            0,
            "{mode:?}"
        );
        assert_ne!(colours(&page(mode, FULL)), 0, "{mode:?}");
    }
}

#[test]
fn without_colour_the_text_is_the_same_and_errors_still_stand_out() {
    for mode in PAGES {
        let plain = page(
            mode,
            Look {
                colour: false,
                unicode: true,
            },
        );
        assert_eq!(text(&plain), text(&page(mode, FULL)), "{mode:?}");
    }
    let plain = page(
        Mode::Main,
        Look {
            colour: false,
            unicode: true,
        },
    );
    let bold: String = plain
        .content
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::BOLD))
        .map(|cell| cell.symbol())
        .collect();
    assert!(bold.contains("error: it failed"), "{bold}");
}

#[test]
fn a_terminal_without_unicode_is_sent_ascii_only() {
    for mode in PAGES {
        let screen = text(&page(
            mode,
            Look {
                colour: true,
                unicode: false,
            },
        ));
        assert!(screen.is_ascii(), "{mode:?}:\n{screen}");
    }
}
