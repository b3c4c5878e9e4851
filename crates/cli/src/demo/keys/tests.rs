//! What each key does, in each mode.

use std::time::Duration;

use tuyau_router::Source;

use super::*;
use crate::demo::search::Found;
use crate::demo::view::Row;

const SIZE: Size = Size {
    width: 80,
    height: 24,
};

fn view(total: usize) -> View {
    let row = Row {
        identity: "tuyau1abc".into(),
        routes: Vec::new(),
        source: Source::Static,
        age: Duration::ZERO,
        connected: false,
    };
    View {
        total,
        rows: vec![row; total],
        ..View::default()
    }
}

fn press(ui: &mut Ui, code: KeyCode) -> Effect {
    ui.on_key(KeyEvent::new(code, KeyModifiers::NONE), &view(100), SIZE)
}

fn type_in(ui: &mut Ui, keys: &str) -> Vec<Effect> {
    keys.chars()
        .map(|key| press(ui, KeyCode::Char(key)))
        .collect()
}

#[test]
fn letters_mean_different_things_in_either_case() {
    use Action::*;
    let effects = type_in(&mut Ui::default(), "mMnsr12");
    let service = |id| Effect::Perform(ToggleService(id));
    assert_eq!(
        effects[..5],
        [SimulateOne, SimulateThousand, NewRoute, Save, Restore].map(Effect::Perform)
    );
    assert_eq!(
        effects[5..],
        [service(ServiceId::One), service(ServiceId::Two)]
    );
    let mut ui = Ui::default();
    assert_eq!(
        type_in(&mut ui, "NRx"),
        [Effect::Nothing, Effect::Nothing, Effect::Nothing]
    );
    type_in(&mut ui, "S");
    assert_eq!(ui.mode, Mode::State);
}

#[test]
fn q_leaves_the_page_and_then_the_demo() {
    let mut ui = Ui::default();
    assert_eq!(type_in(&mut ui, "Sq"), [Effect::Draw, Effect::Draw]);
    assert_eq!(ui.mode, Mode::Main);
    assert_eq!(type_in(&mut ui, "q"), [Effect::Quit]);
}

#[test]
fn control_c_leaves_from_everywhere() {
    for mode in [Mode::Main, Mode::State, Mode::Search, Mode::Help] {
        let mut ui = Ui {
            mode,
            ..Ui::default()
        };
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(ui.on_key(key, &View::default(), SIZE), Effect::Quit);
    }
}

#[test]
fn a_released_key_and_an_alt_key_do_nothing() {
    let mut ui = Ui::default();
    let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
    key.kind = KeyEventKind::Release;
    assert_eq!(ui.on_key(key, &View::default(), SIZE), Effect::Nothing);
    let key = KeyEvent::new(KeyCode::Char('m'), KeyModifiers::ALT);
    assert_eq!(ui.on_key(key, &View::default(), SIZE), Effect::Nothing);
}

#[test]
fn help_goes_back_to_where_it_was_opened() {
    let mut ui = Ui::default();
    type_in(&mut ui, "S?");
    assert_eq!(ui.mode, Mode::Help);
    assert_eq!(
        type_in(&mut ui, "mM1"),
        [Effect::Nothing, Effect::Nothing, Effect::Nothing]
    );
    press(&mut ui, KeyCode::Esc);
    assert_eq!(ui.mode, Mode::State);
}

#[test]
fn a_search_is_typed_corrected_and_started() {
    let mut ui = Ui::default();
    type_in(&mut ui, "S/qMx");
    press(&mut ui, KeyCode::Backspace);
    let query = Query {
        needle: "qM".into(),
        from: 0,
        direction: Direction::Forward,
    };
    assert_eq!(press(&mut ui, KeyCode::Enter), Effect::Find(query));
    assert_eq!(ui.mode, Mode::State);
}

#[test]
fn next_and_previous_start_beside_the_match() {
    let mut ui = Ui::default();
    type_in(&mut ui, "S/abc");
    press(&mut ui, KeyCode::Enter);
    let query = |from, direction| {
        Effect::Find(Query {
            needle: "abc".into(),
            from,
            direction,
        })
    };
    ui.on_found(
        "abc",
        Some(Found {
            index: 40,
            nth: 3,
            count: 9,
        }),
    );
    assert_eq!(ui.position, Position::At { entry: 40, line: 0 });
    assert_eq!(type_in(&mut ui, "n"), [query(41, Direction::Forward)]);
    assert_eq!(type_in(&mut ui, "N"), [query(39, Direction::Backward)]);
    ui.on_found(
        "abc",
        Some(Found {
            index: 0,
            nth: 1,
            count: 9,
        }),
    );
    assert_eq!(
        type_in(&mut ui, "N"),
        [query(usize::MAX, Direction::Backward)]
    );
}

#[test]
fn the_result_of_an_abandoned_search_is_ignored() {
    let mut ui = Ui {
        needle: "new".into(),
        ..Ui::default()
    };
    ui.on_found(
        "old",
        Some(Found {
            index: 40,
            nth: 3,
            count: 9,
        }),
    );
    assert_eq!(ui.position, Position::default());
}

#[test]
fn escape_steps_back_one_thing_at_a_time() {
    let mut ui = Ui::default();
    type_in(&mut ui, "S/abc");
    press(&mut ui, KeyCode::Enter);
    type_in(&mut ui, "/x");
    press(&mut ui, KeyCode::Esc);
    assert_eq!((ui.mode, ui.needle.as_str()), (Mode::State, "abc"));
    press(&mut ui, KeyCode::Esc);
    assert_eq!((ui.mode, ui.needle.as_str()), (Mode::State, ""));
    press(&mut ui, KeyCode::Esc);
    assert_eq!(ui.mode, Mode::Main);
}

#[test]
fn the_table_scrolls_within_its_bounds() {
    let mut ui = Ui::default();
    let rows = screen::table_rows(SIZE);
    press(&mut ui, KeyCode::Up);
    assert_eq!(ui.table_top, 0);
    type_in(&mut ui, "jjk");
    assert_eq!(ui.table_top, 1);
    press(&mut ui, KeyCode::PageDown);
    assert_eq!(ui.table_top, 1 + rows);
    press(&mut ui, KeyCode::End);
    press(&mut ui, KeyCode::Down);
    assert_eq!(ui.table_top, 100 - rows);
}
