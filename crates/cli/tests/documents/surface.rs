//! The page of what one must know is counted, true, and enough for the examples.

use std::collections::BTreeSet;

use crate::{
    files::find,
    proofs::{read, rows, words},
};

const SURFACE: &str = "docs/book/surface.md";

/// The section of what examples use and nobody needs; its names are not among those of the sum.
const SEEN: &str = "Seen in the examples";

/// The sections, each with its title and its rows.
fn sections(page: &str) -> Vec<(&str, Vec<Vec<&str>>)> {
    let sections = page.split("\n## ").skip(1);
    let titled =
        sections.map(|section| (section.lines().next().unwrap_or_default(), rows(section)));
    titled.collect()
}

/// The names of the sections that are seen only, or of those that are needed.
fn names(page: &str, seen: bool) -> BTreeSet<&str> {
    let sections = sections(page).into_iter();
    let wanted = sections.filter(|(title, _)| title.starts_with(SEEN) == seen);
    let rows = wanted.flat_map(|(_, rows)| rows);
    rows.flat_map(|row| words(row[0])).collect()
}

/// The names of `tuyau-core` that code imports, or says with their crate.
fn used(code: &str) -> BTreeSet<&str> {
    let uses = code.split("tuyau_core::").skip(1);
    let lists = uses.map(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or_default(),
        None => rest.split(',').next().unwrap_or_default(),
    });
    let items = lists.flat_map(|list| list.split(','));
    let names = items.filter_map(|item| {
        let words = item.split(|it: char| !it.is_alphanumeric() && it != '_');
        words.into_iter().find(|word| !word.is_empty())
    });
    names.collect()
}

#[test]
fn the_mandatory_surface_is_counted_and_its_names_are_public() {
    let page = read(SURFACE);
    assert!(page.lines().count() < 100, "{SURFACE} fits on one page");
    let exports = read("crates/core/src/lib.rs");
    let exports = exports.split_once("pub use ").expect("names are public").1;
    let exported: Vec<_> = exports
        .split(|it: char| !it.is_alphanumeric() && it != '_')
        .collect();
    let mut total = 0;
    for (title, rows) in sections(&page) {
        let counted = title.split_once(": ").map(|(_, rest)| rest);
        let counted = counted.and_then(|rest| rest.split(' ').next()?.parse().ok());
        assert_eq!(counted, Some(rows.len()), "{SURFACE}: {title}");
        for name in rows.iter().flat_map(|row| words(row[0])) {
            assert!(exported.contains(&name), "{SURFACE}: {name} is not public");
        }
        if !title.starts_with(SEEN) {
            total += rows.len();
        }
    }
    let sum = format!("**{total} names in all**");
    assert!(page.contains(&sum), "{SURFACE}: the sum is {total}");
}

#[test]
fn a_library_a_protocol_and_a_layer_need_no_other_names() {
    let page = read(SURFACE);
    let needed = names(&page, false);
    let library = read("examples/library.rs");
    let library = library.split_once("\nmod shout {").expect("a library").1;
    let library = library.split("\n}\n").next().unwrap_or_default();
    let [protocol, layer] = ["examples/protocol.rs", "examples/layer.rs"].map(read);
    for (program, least) in [(library, 8), (&protocol, 20), (&layer, 15)] {
        let used = used(program.split("#[cfg(test)]").next().unwrap_or_default());
        assert!(used.len() >= least, "found only {used:?}");
        let others: Vec<_> = used.difference(&needed).collect();
        assert!(others.is_empty(), "{SURFACE} has no {others:?}");
    }
}

#[test]
fn the_names_that_examples_and_the_book_use_beside_the_surface_are_on_its_page() {
    let page = read(SURFACE);
    let (needed, mut unseen) = (names(&page, false), names(&page, true));
    let seen = unseen.clone();
    let mut files = find("examples/", ".rs");
    files.extend(find("docs/book/", ".md"));
    files.push("README.md".to_owned());
    for file in files {
        let code = read(&file);
        for name in used(&code).difference(&needed) {
            assert!(seen.contains(name), "{SURFACE}: {file} uses {name}, too");
            unseen.retain(|it| it != name);
        }
    }
    assert!(unseen.is_empty(), "{SURFACE}: nothing uses {unseen:?}");
    assert!(needed.is_disjoint(&seen), "{SURFACE}: a name comes twice");
}
