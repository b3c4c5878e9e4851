//! A router to show, and how a screen is read back.

use std::path::Path;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;
use tuyau_cli::demo::{
    Effect, Level, LogLine, Look, Row, ServiceState, ServiceView, Ui, View, draw, window,
};
use tuyau_router::Source;

pub(crate) const FULL: Look = Look {
    colour: true,
    unicode: true,
};
pub(crate) const SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// An identity as its text form looks: 64 characters, of which the last six tell `number`.
pub(crate) fn identity(number: usize) -> String {
    let letters = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let data: String = (0..58)
        .map(|place| {
            let shift = number.wrapping_mul(place * place + 7) / 3;
            char::from(letters[(shift + place * 11 + number / 32) % 32])
        })
        .collect();
    format!("tuyau1{data}")
}

/// Entry `index` of a table in which every kind of entry occurs.
pub(crate) fn row(index: usize) -> Row {
    let sources = [Source::Static, Source::Registered, Source::Simulated];
    let route = |port: usize| format!("tls://10.{}.{}.7:{port}", index / 256 % 256, index % 256);
    Row {
        identity: identity(index),
        routes: (0..1 + index % 3)
            .map(|extra| route(6000 + extra))
            .collect(),
        source: sources[index % 3],
        age: Duration::from_secs((index * 97) as u64),
        connected: index % 4 == 1,
    }
}

/// The view of a router with `total` entries, with those of the window that `ui` needs.
pub(crate) fn view(total: usize, ui: &Ui, size: Size) -> View {
    let window = window(ui, total, size);
    let end = (window.first + window.count).min(total);
    View {
        identity: identity(4711),
        listen: "tls://127.0.0.1:6000".to_owned(),
        uptime: Duration::from_secs(83),
        processed: 1_003,
        total,
        first: window.first,
        rows: (window.first..end).map(row).collect(),
        log: log(),
        services: [
            ServiceView {
                name: "service-1".to_owned(),
                state: ServiceState::Registered,
                detail: "tls://127.0.0.1:6001, received: hi there".to_owned(),
            },
            ServiceView {
                name: "service-2".to_owned(),
                ..ServiceView::default()
            },
        ],
        snapshot_path: "state/demo/snapshot.cbor".to_owned(),
    }
}

fn log() -> std::collections::VecDeque<LogLine> {
    let line = |seconds, level, text: &str| LogLine {
        time: Duration::from_secs(seconds),
        level,
        text: text.to_owned(),
    };
    [
        line(0, Level::Info, "listening on tls://127.0.0.1:6000"),
        line(0, Level::Info, "2 static routes from the configuration"),
        line(12, Level::Info, "1,000 listen messages applied in 41 ms"),
        line(
            40,
            Level::Warn,
            "service-1 is not registered yet, dialling again in 200 ms",
        ),
        line(41, Level::Info, "service-1 registered tls://127.0.0.1:6001"),
        line(
            77,
            Level::Error,
            "record refused: the sequence number 3 is not above 4",
        ),
    ]
    .into()
}

/// What `ui` shows of a router with `total` entries.
pub(crate) fn shown(total: usize, ui: &Ui, size: Size) -> Buffer {
    painted(&view(total, ui, size), ui, size)
}

pub(crate) fn painted(view: &View, ui: &Ui, size: Size) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.width, size.height)).unwrap();
    terminal.draw(|frame| draw(frame, view, ui)).unwrap();
    terminal.backend().buffer().clone()
}

/// Presses each key on a router with `total` entries, fetching the view that each one needs.
pub(crate) fn press(ui: &mut Ui, keys: &[KeyCode], total: usize, size: Size) -> Vec<Effect> {
    keys.iter()
        .map(|key| {
            let view = view(total, ui, size);
            ui.on_key(KeyEvent::new(*key, KeyModifiers::NONE), &view, size)
        })
        .collect()
}

pub(crate) fn letters(keys: &str) -> Vec<KeyCode> {
    keys.chars().map(KeyCode::Char).collect()
}

/// The text of a screen, without the blanks at the end of each line.
pub(crate) fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for line in buffer.content.chunks(width) {
        let mut skip = 0;
        let mut shown = String::new();
        for cell in line {
            if skip == 0 {
                shown.push_str(cell.symbol());
                skip = unicode_columns(cell.symbol());
            }
            skip -= 1;
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

fn unicode_columns(symbol: &str) -> usize {
    use ratatui::buffer::CellWidth;
    usize::from(symbol.cell_width()).max(1)
}

/// Compares a screen with `tests/demo/screens/<name>.txt`.
///
/// With `UPDATE_SCREENS` set, the file is written instead; look at the difference before it is kept.
pub(crate) fn assert_screen(name: &str, buffer: &Buffer) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo/screens");
    let path = folder.join(name).with_extension("txt");
    let seen = text(buffer);
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        std::fs::write(&path, &seen).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        seen == expected,
        "{name}: expected\n{expected}\nbut the screen shows\n{seen}"
    );
}
