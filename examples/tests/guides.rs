//! The guides of the book build the programs beside this test: each step stands in one of them, and no
//! item of them is left out.

const PROTOCOL: [&str; 2] = [
    include_str!("../../docs/book/protocol.md"),
    include_str!("../protocol.rs"),
];
const LAYER: [&str; 2] = [
    include_str!("../../docs/book/layer.md"),
    include_str!("../layer.rs"),
];

/// Lines as they are compared: none is empty, and none is indented.
fn lines<'a>(text: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let lines = text.map(str::trim);
    lines.filter(|line| !line.is_empty()).collect()
}

/// The visible lines of each block of Rust, with the line where it begins.
fn steps(page: &str) -> Vec<(usize, Vec<&str>)> {
    let mut steps = Vec::new();
    let mut rest = page.lines().enumerate();
    while let Some((number, line)) = rest.next() {
        if line != "```rust" {
            continue;
        }
        let body = rest.by_ref().map(|(_, line)| line);
        let body = body.take_while(|line| !line.starts_with("```"));
        let hidden = |line: &&str| *line == "#" || line.starts_with("# ");
        steps.push((number + 1, lines(body.filter(|line| !hidden(line)))));
    }
    steps
}

/// The program without what it says of itself at its top.
fn code(program: &str) -> impl Iterator<Item = &str> {
    program.lines().filter(|line| !line.starts_with("//!"))
}

/// The lines of a program's items: all but its imports, `main` and the tests.
fn items(program: &str) -> Vec<&str> {
    let mut in_import = false;
    let before_main = code(program).take_while(|line| *line != "#[tokio::main]");
    lines(before_main.filter(|line| {
        let import = in_import || line.starts_with("use ");
        in_import = import && !line.ends_with(';');
        !import
    }))
}

/// Fails where two texts differ first.
#[track_caller]
fn same(shown: &[&str], built: &[&str]) {
    let both = shown.iter().zip(built);
    if let Some((shown, built)) = both.clone().find(|(shown, built)| shown != built) {
        panic!("the guide goes on with\n{shown}\nand the program with\n{built}");
    }
    let missing = &built[both.len()..];
    assert!(missing.is_empty(), "no step shows\n{}", missing.join("\n"));
    let more = &shown[built.len()..];
    assert!(more.is_empty(), "only steps have\n{}", more.join("\n"));
}

#[test]
fn the_guide_to_a_protocol_is_its_program_line_by_line() {
    let [page, program] = PROTOCOL;
    assert!(!page.contains("\n# use "), "no line is hidden");
    let shown: Vec<_> = steps(page).into_iter().flat_map(|(_, step)| step).collect();
    same(&shown, &lines(code(program)));
}

#[test]
fn each_step_of_the_guide_to_a_layer_stands_in_its_program() {
    let [page, program] = LAYER;
    let program = lines(code(program));
    for (line, step) in steps(page) {
        assert!(!step.is_empty(), "line {line}: an empty step");
        let found = program.windows(step.len()).any(|part| part == step);
        let step = step.join("\n");
        assert!(found, "line {line}: the program has no such lines:\n{step}");
    }
}

#[test]
fn each_item_of_the_layer_stands_in_a_step_of_its_guide() {
    let [page, program] = LAYER;
    let items = items(program);
    assert!(items.len() > 100, "a layer is more than that");
    let mut shown: Vec<_> = steps(page).into_iter().flat_map(|(_, step)| step).collect();
    shown.truncate(items.len());
    same(&shown, &items);
}

#[test]
#[should_panic(expected = "no step shows\nfn two() {}")]
fn an_item_without_a_step_is_told() {
    let program =
        "//! Two.\n\nuse std::{\n    fmt,\n};\n\nfn one() {}\n\nfn two() {}\n#[tokio::main]\n";
    let page = "```rust\n# use std::fmt;\nfn one() {}\n```\n";
    same(&steps(page)[0].1, &items(program));
}
