//! The guides of the book build the programs beside this test, line by line.

/// The lines of a text as they are compared: none is empty, and none is indented.
fn lines<'a>(text: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let lines = text.map(str::trim);
    lines.filter(|line| !line.is_empty()).collect()
}

/// The lines of all blocks of Rust on a page.
fn shown(page: &str) -> Vec<&str> {
    let mut in_block = false;
    lines(page.lines().filter(|line| {
        let fence = line.starts_with("```");
        in_block = *line == "```rust" || in_block && !fence;
        in_block && !fence
    }))
}

/// The lines of a program without what it says of itself at its top.
fn built(program: &str) -> Vec<&str> {
    lines(program.lines().filter(|line| !line.starts_with("//!")))
}

/// Fails where the guide and the program differ first.
#[track_caller]
fn same(page: &str, program: &str) {
    let (shown, built) = (shown(page), built(program));
    let both = shown.iter().zip(&built);
    if let Some((shown, built)) = both.clone().find(|(shown, built)| shown != built) {
        panic!("the guide goes on with\n{shown}\nand the program with\n{built}");
    }
    let missing = &built[both.len()..];
    assert!(missing.is_empty(), "no step shows\n{}", missing.join("\n"));
    let more = &shown[both.len()..];
    assert!(more.is_empty(), "only steps have\n{}", more.join("\n"));
}

#[test]
fn the_guide_to_a_protocol_is_its_program_line_by_line() {
    same(
        include_str!("../../docs/book/protocol.md"),
        include_str!("../protocol.rs"),
    );
}

#[test]
fn the_guide_to_a_layer_is_its_program_line_by_line() {
    same(
        include_str!("../../docs/book/layer.md"),
        include_str!("../layer.rs"),
    );
}

#[test]
#[should_panic(expected = "no step shows\nfn two() {}")]
fn an_item_without_a_step_is_told() {
    let page = "One:\n\n```rust\nfn one() {}\n```\n\nTwo, not shown.\n";
    same(page, "//! Two.\n\nfn one() {}\n\nfn two() {}\n");
}
