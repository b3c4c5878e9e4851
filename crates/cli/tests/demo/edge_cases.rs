//! Odd texts, odd sizes, large tables.

use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Size;
use tuyau_cli::demo::{Level, LogLine, Mode, Row, Ui, View, Window, window};

use crate::fixture::{FULL, SIZE, letters, painted, press, row, shown, text, view};

#[test]
fn a_log_cannot_steer_the_terminal() {
    let ui = Ui::new(FULL);
    let mut view = view(2, &ui, SIZE);
    let texts = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "two\r\nlines\tand \u{202e}more",
        "👍 日本語 é \u{9b}31m",
    ];
    view.log = texts
        .map(|text| LogLine {
            time: view.uptime,
            level: Level::Info,
            text: text.to_owned(),
        })
        .into();
    let screen = text(&painted(&view, &ui, SIZE));
    assert!(
        screen.contains(" info  \u{fffd}[2J\u{fffd}]0;owned\u{fffd}\n"),
        "{screen}"
    );
    assert!(
        screen.contains(" info  two  lines and \u{fffd}more\n"),
        "{screen}"
    );
    assert!(
        screen.contains(" info  👍 日本語 é \u{fffd}31m\n"),
        "{screen}"
    );
    assert!(
        screen
            .chars()
            .all(|char| char == '\n' || !char.is_control())
    );
}

#[test]
fn long_and_wide_texts_stay_in_their_columns() {
    let ui = Ui::new(FULL);
    let mut view = view(2, &ui, SIZE);
    view.rows[0].routes[0] = format!("unix:///{}", "long/".repeat(60));
    view.rows[1].routes =
        vec!["mem://日本語日本語日本語日本語日本語".to_owned(); 12];
    view.services[0].name = "名".repeat(50);
    view.services[0].detail = "x".repeat(500);
    view.identity = "k".repeat(3_000);
    view.listen = "l".repeat(3_000);
    view.processed = u64::MAX;
    let screen = text(&painted(&view, &ui, SIZE));
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 24);
    assert!(lines[0].ends_with("up 00:01:23") && lines[1].ends_with("2 routes"));
    assert!(lines[4].contains("unix:///long/") && lines[4].contains("…  static "));
    assert!(lines[5].contains("… +11   registered"), "{}", lines[5]);
    assert!(lines[12].contains("…   registered  xxx"), "{}", lines[12]);
}

#[test]
fn a_long_route_is_shown_in_full_in_the_whole_state() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("S"), 1, SIZE);
    let path: String = (0..60).map(|number| format!("/{number}")).collect();
    let entry = Row {
        routes: vec![format!("unix://{path}")],
        ..row(0)
    };
    let view = View {
        rows: vec![entry],
        total: 1,
        ..View::default()
    };
    let screen = text(&painted(&view, &ui, SIZE));
    let joined: String = screen
        .lines()
        .skip(4)
        .filter_map(|line| line.get(36..))
        .collect();
    assert!(joined.contains(&path), "{screen}");
}

#[test]
fn a_terminal_that_is_too_small_gets_a_message_in_every_mode() {
    for (width, height) in [(59, 24), (80, 15), (20, 5), (12, 1), (1, 1), (0, 0)] {
        let size = Size { width, height };
        for mode in [Mode::Main, Mode::State, Mode::Search, Mode::Help] {
            let mut ui = Ui::new(FULL);
            ui.mode = mode;
            let screen = text(&shown(1_002, &ui, size));
            assert!(!screen.contains("Routing"), "{screen}");
            assert!(width < 60 || screen.starts_with("terminal too small: 80x15, needs 60x16"));
        }
    }
}

#[test]
fn every_size_can_be_drawn_and_every_key_pressed() {
    let keys = [
        KeyCode::Down,
        KeyCode::PageDown,
        KeyCode::Up,
        KeyCode::PageUp,
        KeyCode::End,
    ];
    for width in (0..200).step_by(19) {
        for height in (0..60).step_by(7) {
            let size = Size { width, height };
            let mut ui = Ui::new(FULL);
            for page in ["", "S", "/long", "?"] {
                press(&mut ui, &letters(page), 30, size);
                press(&mut ui, &keys, 30, size);
                shown(30, &ui, size);
            }
        }
    }
}

#[test]
fn a_large_table_costs_no_more_than_what_is_seen() {
    let total = 100_000;
    let mut ui = Ui::new(FULL);
    assert!(text(&shown(total, &ui, SIZE)).contains("1-7 of 100,000"));
    assert!(window(&ui, total, SIZE).count <= 24);
    press(&mut ui, &[KeyCode::End], total, SIZE);
    assert!(text(&shown(total, &ui, SIZE)).contains("99,994-100,000 of 100,000"));
    press(&mut ui, &letters("S"), total, SIZE);
    press(&mut ui, &[KeyCode::End, KeyCode::PageUp], total, SIZE);
    let asked = window(&ui, total, SIZE);
    assert!(
        asked.count <= 3 * 24 && asked.first > total - 100,
        "{asked:?}"
    );
    let screen = text(&shown(total, &ui, SIZE));
    assert!(
        screen.contains("of 100,000") && !screen.contains('…'),
        "{screen}"
    );
}

#[test]
fn a_view_says_what_it_covers() {
    let view = View {
        total: 10,
        first: 2,
        rows: vec![row(0); 4],
        ..View::default()
    };
    let covers = |first, count| view.covers(Window { first, count });
    assert!(covers(2, 4) && covers(3, 2) && covers(12, 5) && covers(4, 0));
    assert!(!covers(1, 4) && !covers(3, 4) && !covers(9, 3));
    assert_eq!(view.row(1), None);
    assert_eq!(view.row(6), None);
    assert!(view.row(5).is_some());
}
