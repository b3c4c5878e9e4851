//! The pages of the book that name tests name tests that are there, and leave nothing out.

use std::fs;

use crate::{
    evidence::proves,
    files::{Link, links, root},
};

const FEATURES: &str = "docs/book/features.md";
const LAWS: &str = "docs/book/laws.md";
const MODULES: &str = "crates/tuyau/src/lib.rs";

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is there")
}

fn leads_to_rust(link: &Link) -> bool {
    link.target.extension().is_some_and(|it| it == "rs")
}

#[test]
fn the_tests_that_pages_name_are_there() {
    for document in [FEATURES, LAWS] {
        let page = read(document);
        let links: Vec<_> = links(document).into_iter().filter(leads_to_rust).collect();
        assert!(links.len() > 20, "{document} names tests");
        for link in links {
            let (label, text) = (&link.label, &link.text);
            assert!(
                proves(&page, &link),
                "{document}: no test {label} in {text}"
            );
        }
    }
}

/// The rows of tables, without their heads, each as its cells.
pub(crate) fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines: Vec<_> = page.lines().collect();
    let mut rows = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).copied().unwrap_or_default();
        let marks_a_head = line.starts_with("|---") || next.starts_with("|---");
        if line.starts_with('|') && !marks_a_head {
            rows.push(line.trim_matches('|').split('|').map(str::trim).collect());
        }
    }
    rows
}

/// The words in backticks.
pub(crate) fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_feature_of_the_library_is_in_the_table_and_each_row_has_a_link() {
    let page = read(FEATURES);
    let rows = rows(&page);
    for row in &rows {
        let [item, _, _, tests] = row[..] else {
            panic!("{FEATURES}: not four cells: {row:?}");
        };
        assert!(tests.contains("]("), "{FEATURES}: no link for {item}");
    }
    let listed: Vec<_> = rows.iter().flat_map(|row| words(row[1])).collect();
    let features = features();
    let modules = read(MODULES);
    for feature in &features {
        let listed = listed.contains(&&**feature);
        assert!(listed, "{FEATURES} does not list the feature {feature}");
        let listed = modules.contains(&format!("//! | `{feature}` |"));
        assert!(listed, "{MODULES} does not list the feature {feature}");
    }
    for word in listed {
        let known = features.iter().any(|feature| feature == word);
        assert!(known, "{FEATURES}: tuyau has no feature {word}");
    }
}

/// The features of the library, but those that only collect others.
fn features() -> Vec<String> {
    let manifest = read("crates/tuyau/Cargo.toml");
    let section = manifest.split("\n[features]\n").nth(1);
    let section = section.expect("there are features").split("\n[").next();
    let lines = section.unwrap_or_default().lines();
    let names = lines.filter_map(|line| line.split_once(" = [").map(|(name, _)| name));
    names
        .filter(|name| !matches!(*name, "default" | "full"))
        .map(str::to_owned)
        .collect()
}

/// Whether a test's name or the comment above it says that it proves a law.
fn names_the_law(link: &Link, law: usize) -> bool {
    let label = link.label.trim_matches('`');
    if label.starts_with(&format!("law_{law}_")) {
        return true;
    }
    let code = fs::read_to_string(&link.target).expect("the file is there");
    let lines: Vec<_> = code.lines().map(str::trim).collect();
    let function = [format!("fn {label}("), format!("fn {label}<")];
    let at = lines
        .iter()
        .position(|line| function.iter().any(|text| line.contains(text)));
    let above = lines[..at.unwrap_or(0)].iter().rev();
    let mut above = above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
    above.any(|line| line.contains(&format!("Law {law}:")))
}

#[test]
fn each_law_is_explained_once_and_has_a_test_that_names_it() {
    let page = read(LAWS);
    let links = links(LAWS);
    let starts: Vec<_> = page
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("## "))
        .collect();
    for law in 1..=13 {
        let title = format!("## {law}. ");
        let mut titles = starts.iter().filter(|(_, line)| line.starts_with(&title));
        let (at, _) = titles.next().expect("each law has a section");
        assert!(titles.next().is_none(), "{LAWS}: law {law} comes twice");
        let next = starts.iter().map(|(line, _)| *line).find(|line| line > at);
        let section = *at..next.unwrap_or(usize::MAX);
        let mut proofs = links.iter().filter(|link| section.contains(&link.line));
        assert!(
            proofs.any(|link| leads_to_rust(link) && names_the_law(link, law)),
            "{LAWS}: no test that names law {law}"
        );
    }
}
