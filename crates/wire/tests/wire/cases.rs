//! `spec/cases.md` has a row for every delivery case, each with a name of its own.

use std::{collections::BTreeSet, fs};

use tuyau_wire::{Class, RejectCode};

use crate::support;

fn text() -> String {
    fs::read_to_string(support::directory().join("../cases.md")).unwrap()
}

/// The cells of every row, its name first.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .filter(|line| line.starts_with("| `case_"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect())
        .collect()
}

fn name<'a>(row: &[&'a str]) -> &'a str {
    row[0].trim_matches('`')
}

#[test]
fn every_row_has_a_name_of_its_own() {
    let text = text();
    let rows = rows(&text);
    let names: BTreeSet<_> = rows.iter().map(|row| name(row)).collect();
    assert_eq!(names.len(), rows.len());
    for name in names {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(name.bytes().all(plain), "{name}");
    }
}

#[test]
fn every_class_and_place_of_the_recipient_has_a_row() {
    let text = text();
    let names: BTreeSet<_> = rows(&text).iter().map(|row| name(row)).collect();
    for class in Class::ALL {
        for place in ["connected", "dialled", "offline", "unknown"] {
            let unicast = format!("case_unicast_{class}_{place}");
            assert!(names.contains(unicast.as_str()), "{unicast}");
            let group = match class {
                Class::Request => "case_group_request".to_owned(),
                _ => format!("case_group_{class}_{place}"),
            };
            assert!(names.contains(group.as_str()), "{group}");
        }
    }
}

/// A row has as many cells as the head of its table.
#[test]
fn every_row_is_whole() {
    let text = text();
    let mut columns = 0;
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells = line.trim_matches('|').split('|').count();
        if line.starts_with("| case ") {
            columns = cells;
        }
        assert_eq!(cells, columns, "{line}");
        assert!(!line.contains("|  |"), "{line}");
    }
}

/// What stands in code type in a cell of an answer, and is no message, is a reject code.
#[test]
fn every_refusal_is_a_code() {
    let text = text();
    let codes: BTreeSet<_> = RejectCode::ALL.map(|code| code.name()).into();
    let words: BTreeSet<_> = tuyau_wire::Message::names()
        .chain(["unacknowledged", "receives"])
        .collect();
    for row in rows(&text) {
        for cell in &row[1..] {
            for quoted in cell.split('`').skip(1).step_by(2) {
                let known = codes.contains(quoted) || words.contains(quoted);
                assert!(known, "{}: {quoted}", name(&row));
            }
        }
    }
}
