//! Terminals in a document.

/// A fenced block of a document that shows a terminal.
#[derive(Debug)]
pub(crate) struct Block {
    /// The document and the line.
    pub(crate) place: String,
    pub(crate) mode: Mode,
    pub(crate) steps: Vec<Step>,
}

/// How a block is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Succeeds,
    Fails,
    Serve,
    Ci,
    ByHand,
}

/// A command and what it prints.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) output: Vec<String>,
}

impl Block {
    /// The terminals of a document.
    pub(crate) fn all(document: &str, text: &str) -> Vec<Self> {
        let mut blocks = Vec::new();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let Some(info) = line.strip_prefix("```") else {
                continue;
            };
            let place = format!("{document}:{}", number + 1);
            let body = lines.by_ref().map(|(_, line)| line);
            let body: Vec<_> = body.take_while(|line| !line.starts_with("```")).collect();
            let mut words = info.split_whitespace();
            if words.next() == Some("console") {
                let mode = Mode::read(words.next(), &place);
                let steps = steps(&body, &place);
                blocks.push(Self { place, mode, steps });
            }
        }
        blocks
    }
}

impl Mode {
    fn read(word: Option<&str>, place: &str) -> Self {
        match word {
            None => Self::Succeeds,
            Some("fails") => Self::Fails,
            Some("serve") => Self::Serve,
            Some("ci") => Self::Ci,
            Some("by-hand") => Self::ByHand,
            Some(word) => panic!("{place}: `{word}` says nothing about a terminal"),
        }
    }
}

/// A command that ends with a backslash goes on in the next line.
fn steps(body: &[&str], place: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for line in body {
        if goes_on {
            let command = &mut steps.last_mut().expect("a command goes on").command;
            command.push('\n');
            command.push_str(line);
        } else if let Some(command) = line.strip_prefix("$ ") {
            let (command, output) = (command.to_owned(), Vec::new());
            steps.push(Step { command, output });
        } else {
            let step = steps.last_mut();
            let step = step.unwrap_or_else(|| panic!("{place}: output without a command"));
            step.output.push((*line).to_owned());
            continue;
        }
        goes_on = line.ends_with('\\');
    }
    assert!(!steps.is_empty(), "{place}: a terminal without a command");
    steps
}
