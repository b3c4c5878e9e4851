//! What counts as the test that a page names. A function or a word of that name is not enough.

use std::{fs, path::Path};

use crate::{files::Link, proofs::read};

/// The rows that the conformance list must have.
const ROWS: &str = "crates/tuyau/tests/conformance/complete.rs";

/// How a page says that a link leads to the documentation test of an item.
const DOCUMENTED: &str = "), by its documentation test";

/// Whether a link of `page` with a label in backticks leads to Rust code with a test of that name.
pub(crate) fn proves(page: &str, link: &Link) -> bool {
    let label = link.label.strip_prefix('`');
    let Some(label) = label.and_then(|label| label.strip_suffix('`')) else {
        return false;
    };
    let Ok(code) = fs::read_to_string(&link.target) else {
        return false;
    };
    let documented = page.contains(&format!("]({}{DOCUMENTED}", link.text));
    has_test(&code, label)
        || has_module(&code, label)
        || has_suite(&code, label)
        || is_row(&code, label, &read(ROWS))
        || has_function(&code, label) && is_listed(&link.target, label)
        || documented && has_example(&code, label)
}

/// The functions of that name: what stands above each, nearest first, and what follows its name.
fn functions<'a>(code: &'a str, label: &str) -> Vec<(Vec<&'a str>, &'a str)> {
    let name = format!("fn {label}");
    let all = code.match_indices(&name).map(|(at, _)| {
        let (before, rest) = (&code[..at], &code[at + name.len()..]);
        let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
        let above = above.lines().rev().map(str::trim);
        let above = above.take_while(|line| line.starts_with("#[") || line.starts_with("///"));
        (above.collect(), rest)
    });
    all.filter(|(_, rest)| rest.starts_with(['(', '<']))
        .collect()
}

fn has_function(code: &str, label: &str) -> bool {
    !functions(code, label).is_empty()
}

/// A function that is marked as a test, and run.
fn has_test(code: &str, label: &str) -> bool {
    functions(code, label).iter().any(|(above, _)| {
        let marks = ["#[test]", "#[tokio::test]", "#[tokio::test("];
        let marked = |line: &&str| marks.iter().any(|mark| line.starts_with(mark));
        above.iter().any(marked) && !above.iter().any(|line| line.starts_with("#[ignore"))
    })
}

/// An item with an example above it.
fn has_example(code: &str, label: &str) -> bool {
    let functions = functions(code, label);
    let mut examples = functions.iter().map(|(above, _)| above);
    examples.any(|above| above.contains(&"/// ```"))
}

/// A function of the kit that gives all cases of a sort.
fn has_suite(code: &str, label: &str) -> bool {
    let functions = functions(code, label);
    let mut signatures = functions
        .iter()
        .filter_map(|(_, rest)| rest.split('{').next());
    signatures.any(|signature| signature.contains("-> Vec<Case>"))
}

/// Tests that a macro of the kit makes, under this name.
fn has_module(code: &str, label: &str) -> bool {
    let lines: Vec<_> = code.lines().map(str::trim).collect();
    let first = format!("{label},");
    let mut pairs = lines.windows(2);
    pairs.any(|pair| pair[0].ends_with("_tests! {") && pair[1] == first)
}

/// A row that the code adds to the conformance list, and that the list must have.
fn is_row(code: &str, label: &str, rows: &str) -> bool {
    let quoted = format!("\"{label}\"");
    let mut added = code.match_indices(&quoted).map(|(at, _)| &code[..at]);
    let added = added.any(|before| {
        let call = before.trim_end().strip_suffix('(').unwrap_or_default();
        let object = call.trim_end_matches(|it: char| it.is_alphanumeric() || it == '_');
        object.ends_with("list.")
    });
    let lists = rows.split("pub(crate) fn trials").next();
    added && lists.is_some_and(|lists| lists.contains(&quoted))
}

/// Whether a list of tests that a program makes for itself has the function of a file: its own list, or
/// one that stands beside or above it.
fn is_listed(file: &Path, label: &str) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let entries = [format!("{label},"), format!("{stem}::{label},")];
    let directories = file.ancestors().skip(1).take(2);
    let files = directories.filter_map(|directory| fs::read_dir(directory).ok());
    let files = files.flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut sources = files.filter(|path| path.extension().is_some_and(|it| it == "rs"));
    sources.any(|path| {
        let code = fs::read_to_string(path).unwrap_or_default();
        lists(&code, &entries) || tries(&code, label)
    })
}

/// Whether one of the entries stands in a list that macros make trials or cases of.
fn lists(code: &str, entries: &[String]) -> bool {
    let mut in_list = false;
    let mut before = "";
    code.lines().map(str::trim).any(|line| {
        let opens = ["trials![", "cases!["].iter().any(|it| line.ends_with(it));
        in_list |= opens || line == "[" && before.ends_with("! {");
        in_list &= !line.starts_with(']');
        before = line;
        in_list && entries.iter().any(|entry| entry == line)
    })
}

/// Whether a trial of that name is made by hand.
fn tries(code: &str, label: &str) -> bool {
    let mut trials = code.split("Trial::test(").skip(1);
    trials.any(|rest| {
        let name = rest.split('"').nth(1).unwrap_or_default();
        name.rsplit("::").next() == Some(label)
    })
}

#[test]
fn a_helper_or_a_word_is_no_test() {
    let code = "#[test]\nfn one() {}\n\nasync fn two() {}\n\n#[ignore]\n#[test]\nfn three() {}\n\
                const FOUR: &str = \"four\";\n/// A test?\nfn five() {\n    list.flows(\"six\", \"seven\");\n}\n";
    let rows = "(\"seven\", \"six\")\npub(crate) fn trials() { \"four\" }";
    let tests = ["one", "two", "three", "four", "five"].map(|label| has_test(code, label));
    assert_eq!(tests, [true, false, false, false, false]);
    let listed = ["four", "six", "seven"].map(|label| is_row(code, label, rows));
    assert_eq!(listed, [false, true, false]);
    assert!(!is_row(code, "six", "pub(crate) fn trials() { \"six\" }"));
}

#[test]
fn a_trial_is_listed_where_trials_are_made() {
    let code = "let trials = trials![\n    missing;\n    keys::one,\n];\nuse keys::{\n    two,\n};\n\
                Trial::test(\n    \"list::three\",\n    || four(),\n)";
    let entry = |label: &str| [format!("{label},"), format!("keys::{label},")];
    let listed = ["one", "two", "missing"].map(|label| lists(code, &entry(label)));
    assert_eq!(listed, [true, false, false]);
    let tried = ["three", "four"].map(|label| tries(code, label));
    assert_eq!(tried, [true, false]);
}
