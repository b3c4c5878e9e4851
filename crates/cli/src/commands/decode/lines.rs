//! A stream as lines for a person.

use std::{collections::HashSet, fmt::Write as _};

use tuyau_wire::{
    Role,
    trace::{Entry, Finding},
};

use super::Summary;

/// What stands over the lines.
pub(super) const HEAD: &str = "    byte   length  message      says";

/// How many mistakes are shown. Who has more has one, most likely.
const SHOWN: usize = 20;

/// The line of a part of the stream.
pub(super) fn entry(entry: &Entry<'_>) -> String {
    let (name, says) = match &entry.message {
        Some(message) => {
            let fields = entry.fields();
            let fields: Vec<_> = fields.iter().map(ToString::to_string).collect();
            (message.name(), fields.join(", "))
        }
        None => {
            let findings = entry.findings.iter().map(Finding::found);
            ("?", findings.collect::<Vec<_>>().join("; "))
        }
    };
    format!(
        "{:>8} {:>8}  {name:<11}  {says}",
        entry.offset, entry.length
    )
}

/// What is said at the end: how much there was, and what is wrong with it.
pub(super) fn summary(summary: &Summary) -> String {
    let from = match summary.role {
        Some(Role::Service) => " of a service",
        Some(_) => " of a router",
        None => "",
    };
    let noun = crate::plural::messages(summary.messages);
    let mut text = format!(
        "\n{} {noun}{from} in {} bytes",
        summary.messages, summary.bytes
    );
    let _ = match summary.findings.len() {
        0 => write!(text, "; nothing is wrong"),
        1 => write!(text, "; one thing is wrong"),
        count => write!(text, "; {count} things are wrong"),
    };
    let mut explained = HashSet::new();
    for finding in summary.findings.iter().take(SHOWN) {
        let _ = write!(text, "\n\n{finding}");
        // What it means is the same for all of a kind.
        if explained.insert(finding.kind()) {
            let (meaning, remedy) = (finding.meaning(), finding.remedy());
            let _ = write!(text, "\n    that means: {meaning}\n    to do: {remedy}");
        }
    }
    if let Some(more @ 1..) = summary.findings.len().checked_sub(SHOWN) {
        let _ = write!(text, "\n\nand {more} more; --json prints them all");
    }
    text
}
