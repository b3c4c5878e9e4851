//! Each page as a person sees it.

use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Size;
use ratatui::style::Modifier;
use tuyau_cli::demo::{Action, Direction, Effect, Level, MINIMUM, Notice, Query, Ui, View, locate};

use crate::fixture::{FULL, SIZE, assert_screen, letters, painted, press, row, shown, text};

const WIDE: Size = Size {
    width: 132,
    height: 40,
};

#[test]
fn the_main_screen_fits_on_80_by_24() {
    assert_screen("main-80x24", &shown(1_002, &Ui::new(FULL), SIZE));
}

#[test]
fn the_main_screen_uses_the_room_of_a_larger_terminal() {
    assert_screen("main-132x40", &shown(1_002, &Ui::new(FULL), WIDE));
}

#[test]
fn the_main_screen_keeps_what_is_essential_on_the_smallest_terminal() {
    assert_screen("main-60x16", &shown(1_002, &Ui::new(FULL), MINIMUM));
}

#[test]
fn the_whole_state_shows_full_identities_and_all_routes() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("S"), 1_002, SIZE);
    let screen = shown(1_002, &ui, SIZE);
    for index in 0..5 {
        let entry = row(index);
        assert!(text(&screen).contains(&entry.identity));
        assert!(
            entry
                .routes
                .iter()
                .all(|route| text(&screen).contains(route))
        );
    }
    assert_screen("state-80x24", &screen);
}

#[test]
fn the_whole_state_scrolls_to_its_very_end() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("S"), 1_002, SIZE);
    press(&mut ui, &[KeyCode::End], 1_002, SIZE);
    let at_end = text(&shown(1_002, &ui, SIZE));
    assert!(at_end.contains(&row(1_001).identity));
    assert!(at_end.contains("of 1,002"));
    press(&mut ui, &[KeyCode::PageUp, KeyCode::PageDown], 1_002, SIZE);
    assert_eq!(text(&shown(1_002, &ui, SIZE)), at_end);
}

#[test]
fn every_line_of_the_whole_state_is_reached_by_single_steps() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("S"), 40, SIZE);
    let mut missing: Vec<String> = (0..40)
        .flat_map(|index| [vec![row(index).identity], row(index).routes].concat())
        .collect();
    for _ in 0..120 {
        let seen = text(&shown(40, &ui, SIZE));
        assert!(!seen.contains('…'), "a line was not loaded:\n{seen}");
        missing.retain(|line| !seen.contains(line));
        press(&mut ui, &[KeyCode::Down], 40, SIZE);
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_search_moves_to_the_match_and_sets_it_off() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("S/10.2.44"), 1_002, SIZE);
    assert_screen("search-80x24", &shown(1_002, &ui, SIZE));
    let effects = press(&mut ui, &[KeyCode::Enter], 1_002, SIZE);
    let needle = "10.2.44".to_owned();
    let query = Query {
        needle: needle.clone(),
        from: 0,
        direction: Direction::Forward,
    };
    assert_eq!(effects, [Effect::Find(query)]);
    let matching = (0..1_002).map(|index| row(index).matches(&needle));
    ui.on_found(&needle, locate(matching, 0, Direction::Forward));
    let screen = shown(1_002, &ui, SIZE);
    let reversed: String = screen
        .content
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::REVERSED))
        .map(|cell| cell.symbol())
        .collect();
    assert_eq!(
        reversed,
        needle.repeat(2),
        "both routes of the entry hold it"
    );
    assert_screen("found-80x24", &screen);
}

#[test]
fn a_search_without_a_match_says_so_and_stays() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("Sj/nowhere"), 1_002, SIZE);
    press(&mut ui, &[KeyCode::Enter], 1_002, SIZE);
    let before = text(&shown(1_002, &ui, SIZE));
    ui.on_found("nowhere", None);
    let after = text(&shown(1_002, &ui, SIZE));
    assert!(before.contains("searching") && after.contains("/nowhere  no match"));
    assert_eq!(
        before.lines().take(23).collect::<Vec<_>>(),
        after.lines().take(23).collect::<Vec<_>>()
    );
}

#[test]
fn help_lists_every_key_on_the_smallest_terminal() {
    let mut ui = Ui::new(FULL);
    press(&mut ui, &letters("?"), 1_002, MINIMUM);
    let screen = shown(1_002, &ui, MINIMUM);
    assert!(!text(&screen).contains('…'));
    assert_screen("help-60x16", &screen);
}

#[test]
fn what_runs_and_what_came_of_it_is_shown_above_the_keys() {
    let mut ui = Ui::new(FULL);
    ui.working = vec![Action::SimulateThousand, Action::Save];
    assert!(
        line_above_keys(&ui).contains("working: a thousand simulated messages (1 more waiting)")
    );
    ui.working.clear();
    ui.notice = Some(Notice {
        level: Level::Error,
        text: "no such file".to_owned(),
    });
    assert!(line_above_keys(&ui).contains("error: no such file"));
    press(&mut ui, &[KeyCode::Esc], 2, SIZE);
    assert!(line_above_keys(&ui).contains("snapshot file: state/demo/snapshot.cbor"));
}

fn line_above_keys(ui: &Ui) -> String {
    text(&shown(2, ui, SIZE))
        .lines()
        .nth(21)
        .unwrap()
        .to_owned()
}

#[test]
fn a_long_notice_is_wrapped_and_takes_lines_from_the_log() {
    let mut ui = Ui::new(FULL);
    let reason = "the snapshot state/demo/snapshot.cbor was not restored: entry 17 of 1,002 at byte \
                  12,345 is damaged: its checksum is 0x1234abcd, expected 0x5678ef01";
    ui.notice = Some(Notice {
        level: Level::Error,
        text: reason.to_owned(),
    });
    let lines = text(&shown(2, &ui, SIZE));
    let notice: Vec<&str> = lines.lines().skip(19).take(3).map(str::trim).collect();
    assert_eq!(notice.join(" ").trim(), format!("error: {reason}"));
}

#[test]
fn an_empty_table_says_what_to_do() {
    let ui = Ui::new(FULL);
    assert!(text(&shown(0, &ui, SIZE)).contains("No routes yet: press m"));
    assert!(text(&painted(&View::default(), &ui, SIZE)).contains("Tuyau demo"));
}
