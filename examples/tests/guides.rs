//! The guides of the book build the programs beside this test: each step stands in one of them.

/// The visible lines of each block of Rust, with the line where it begins.
fn steps(page: &str) -> Vec<(usize, Vec<&str>)> {
    let mut steps = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line != "```rust" {
            continue;
        }
        let body = lines.by_ref().map(|(_, line)| line);
        let body = body.take_while(|line| !line.starts_with("```"));
        let hidden = |line: &str| line == "#" || line.starts_with("# ");
        let visible = body.filter(|line| !hidden(line)).map(str::trim);
        steps.push((
            number + 1,
            visible.filter(|line| !line.is_empty()).collect(),
        ));
    }
    steps
}

#[track_caller]
fn agree(page: &str, program: &str) {
    let program = program.lines().map(str::trim);
    let program: Vec<_> = program.filter(|line| !line.is_empty()).collect();
    let steps = steps(page);
    assert!(steps.len() >= 5, "the page is a guide in steps");
    for (line, step) in steps {
        assert!(!step.is_empty(), "line {line}: an empty step");
        let found = program.windows(step.len()).any(|part| part == step);
        assert!(
            found,
            "line {line}: the program has no such lines:\n{}",
            step.join("\n")
        );
    }
}

#[test]
fn each_step_of_the_guide_to_a_protocol_stands_in_its_program() {
    agree(
        include_str!("../../docs/book/protocol.md"),
        include_str!("../protocol.rs"),
    );
}

#[test]
fn each_step_of_the_guide_to_a_layer_stands_in_its_program() {
    agree(
        include_str!("../../docs/book/layer.md"),
        include_str!("../layer.rs"),
    );
}
