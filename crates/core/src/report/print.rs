//! How a report reads: a line for each attempt, its parts below those of the line before.
//!
//! Each part begins with a word that says what it is (`over`, `from`, `at`), so that a line makes sense
//! without the others, in a log for example.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, time::Duration};

use super::{AttemptReport, Outcome, Report};
use crate::{KeyId, visible::one_line};

/// From this number of attempts on, the last line says how many ended in which way.
const MANY: usize = 9;

/// The widest column, in characters: an IPv6 endpoint fits. What is longer pushes its own line only.
const WIDEST: usize = 48;

/// How far lines are indented, and how much further those that belong to the line before.
const INDENT: &str = "  ";

impl fmt::Display for Report {
    /// A line for each attempt; for many of them, a last line that counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.attempts.iter().map(Row::new).collect();
        let widths = widths(&rows);
        let digits = rows.len().to_string().len();
        for (index, row) in rows.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{INDENT}{:>digits$}. ", index + 1)?;
            row.write(f, &widths)?;
        }
        if rows.len() < MANY {
            return Ok(());
        }
        write!(f, "\n{INDENT}in all: ")?;
        for (index, (count, outcome)) in counts(&rows).into_iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{count} × {outcome}")?;
        }
        Ok(())
    }
}

/// One line, as it stands in a report of its own.
impl fmt::Display for AttemptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = Row::new(self);
        let widths = widths(core::slice::from_ref(&row));
        row.write(f, &widths)
    }
}

/// How many parts stand before the outcome.
const PARTS: usize = 6;

/// The parts of a line.
struct Row {
    /// Start, duration, endpoint, protocol, resolver, stage; each is one line, whoever chose its words.
    parts: [String; PARTS],
    outcome: String,
}

impl Row {
    fn new(attempt: &AttemptReport) -> Self {
        let tried = !matches!(attempt.outcome, Outcome::Planned | Outcome::Skipped(_));
        let (endpoint, protocol, resolver) = match (&attempt.endpoint, &attempt.protocol) {
            (Some(endpoint), Some(protocol)) => (
                one_line(endpoint),
                over(protocol, attempt.key),
                one_line(format_args!("from {}", attempt.resolver)),
            ),
            _ => (
                match attempt.outcome {
                    Outcome::Skipped(_) => "not asked".to_string(),
                    _ => "resolving".to_string(),
                },
                one_line(format_args!("for {}", attempt.key)),
                one_line(format_args!("by {}", attempt.resolver)),
            ),
        };
        let only_tried = |text: String| if tried { text } else { String::new() };
        Self {
            parts: [
                only_tried(format!("{}", Time(attempt.started))),
                only_tried(format!("+{}", Time(attempt.took))),
                endpoint,
                protocol,
                resolver,
                only_tried(format!("at {}:", attempt.stage)),
            ],
            outcome: format!("{}", attempt.outcome),
        }
    }

    /// Writes the line. Times stand to the right of their columns, so that their sizes show.
    fn write(&self, f: &mut fmt::Formatter<'_>, widths: &[Option<usize>; PARTS]) -> fmt::Result {
        let mut first = true;
        for (index, (part, &width)) in self.parts.iter().zip(widths).enumerate() {
            let Some(width) = width else {
                continue;
            };
            let gap = match index {
                _ if first => "",
                1 => " ",
                _ => "  ",
            };
            first = false;
            match index {
                0 | 1 => write!(f, "{gap}{part:>width$}")?,
                _ => write!(f, "{gap}{part:<width$}")?,
            }
        }
        // What a cause says in several lines stays together, and further in.
        let mut lines = self.outcome.lines();
        write!(f, "  {}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, "\n{INDENT}{INDENT}{INDENT}{line}"))
    }
}

/// The protocol; with its key where that tells stacks of one kind apart.
fn over(protocol: &str, key: KeyId) -> String {
    match key.is_further_instance() {
        true => one_line(format_args!("over {protocol} under {key}")),
        false => one_line(format_args!("over {protocol}")),
    }
}

/// How wide each column is; `None` where no row has such a part.
fn widths(rows: &[Row]) -> [Option<usize>; PARTS] {
    core::array::from_fn(|index| {
        let lengths = rows.iter().map(|row| row.parts[index].chars().count());
        let present = lengths.filter(|&length| length > 0);
        present
            .map(|length| if length > WIDEST { 0 } else { length })
            .max()
    })
}

/// The different outcomes, the most frequent first, each with its number.
fn counts(rows: &[Row]) -> Vec<(usize, &str)> {
    let mut counts: Vec<(usize, &str)> = Vec::new();
    for row in rows {
        let outcome = row.outcome.lines().next().unwrap_or_default();
        match counts.iter_mut().find(|(_, known)| *known == outcome) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, outcome)),
        }
    }
    counts.sort_by_key(|&(count, _)| core::cmp::Reverse(count));
    counts
}

/// A duration in milliseconds, or in seconds from one on.
pub(super) struct Time(pub(super) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match self.0.as_millis() {
            0..10 => write!(f, "{:.1} ms", seconds * 1e3),
            10..1_000 => write!(f, "{:.0} ms", seconds * 1e3),
            1_000..100_000 => write!(f, "{seconds:.2} s"),
            _ => write!(f, "{seconds:.0} s"),
        }
    }
}

#[cfg(test)]
mod tests;
