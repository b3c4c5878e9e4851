//! The table of cases and these tests are about the same.

use std::{collections::BTreeSet, fs, path::Path};

fn names(text: &str, before: &str) -> BTreeSet<String> {
    let found = text.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix(before)?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
        name.starts_with("case_").then(|| name[..end].to_owned())
    });
    found.collect()
}

#[test]
fn every_row_has_a_test_and_every_test_a_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("../../spec/cases.md")).unwrap();
    let rows = names(&table, "| `");
    assert!(rows.len() > 60, "only {} rows", rows.len());
    let mut tests = BTreeSet::new();
    for file in fs::read_dir(root.join("tests/cases")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        tests.extend(names(&text, "async fn "));
        tests.extend(names(&text, "fn "));
    }
    let missing: Vec<_> = rows.symmetric_difference(&tests).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
