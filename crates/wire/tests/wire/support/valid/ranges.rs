//! Messages about a range of others: acknowledgements, receipts and gaps.

use tuyau_wire::{Level, Message};

use super::{Vector, vector};

/// One number, several, and all that there are.
const RANGES: [(&str, u64, u64); 3] = [("one", 7, 7), ("many", 7, 1_000), ("all", 0, u64::MAX)];

pub fn vectors() -> Vec<Vector> {
    RANGES
        .into_iter()
        .flat_map(|(name, first, last)| of_range(name, first, last))
        .collect()
}

fn of_range(range: &str, first: u64, last: u64) -> Vec<Vector> {
    let title = format!("{first} to {last}");
    let handle = 1_000;
    let mut vectors = vec![
        vector(
            &format!("acknowledge-{range}"),
            &title,
            &Message::Acknowledge {
                handle,
                first,
                last,
            },
        ),
        vector(
            &format!("missed-{range}"),
            &title,
            &Message::Missed {
                handle,
                first,
                last,
            },
        ),
    ];
    vectors.extend(Level::ALL[1..].iter().map(|&level| {
        let (name, title) = (
            format!("receipt-{level}-{range}"),
            format!("{title} {level}"),
        );
        vector(&name, &title, &Message::Receipt { level, first, last })
    }));
    vectors
}
