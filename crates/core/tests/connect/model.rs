//! What a race has to do, said a second time and more simply: the oracle of the exhaustive tests.
//!
//! It goes from millisecond to millisecond and does what is due in each.

use crate::world::Place;

/// One rank: its candidates in their order, each with the time at which its resolver, asked at zero,
/// gives it.
pub(crate) type Rank = Vec<(u64, Place)>;

/// How attempts relate in time, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) stagger: u64,
    pub(crate) limit: usize,
    pub(crate) deadline: u64,
}

/// How a race ends: which number won, if any did, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) won: Option<u32>,
    pub(crate) at: u64,
    /// When each attempt began and where it led, in the order of the candidates of all ranks.
    pub(crate) starts: Vec<(u64, Place)>,
}

pub(crate) fn ending(ranks: &[Rank], rules: Rules) -> Ending {
    let mut now = 0;
    let mut starts = Vec::new();
    for rank in ranks {
        let asked = now;
        let mut waiting = rank.iter().map(|&(after, place)| (asked + after, place));
        let mut waiting: Vec<_> = waiting.by_ref().collect();
        waiting.reverse();
        let mut running: Vec<(u64, Place)> = Vec::new();
        let mut next_start = 0;
        while !(waiting.is_empty() && running.is_empty()) {
            if let Some(won) = running.iter().find_map(|it| wins_at(it, now)) {
                let won = Some(won);
                return Ending {
                    won,
                    at: now,
                    starts,
                };
            }
            if now >= rules.deadline {
                let at = rules.deadline;
                return Ending {
                    won: None,
                    at,
                    starts,
                };
            }
            let before = running.len();
            running.retain(|it| !fails_at(it, now));
            if running.len() < before {
                next_start = now;
            }
            let free = running.is_empty() || (now >= next_start && running.len() < rules.limit);
            match waiting.last() {
                Some(&(due, place)) if due <= now && free => {
                    waiting.pop();
                    starts.push((now, place));
                    running.push((now, place));
                    next_start = now + rules.stagger;
                    // What takes no time happens in the same millisecond.
                }
                _ if waiting.is_empty() && running.is_empty() => {}
                _ => now += 1,
            }
        }
    }
    Ending {
        won: None,
        at: now,
        starts,
    }
}

fn wins_at(&(began, place): &(u64, Place), now: u64) -> Option<u32> {
    match place {
        Place::Up(after, number) if began + after == now => Some(number),
        _ => None,
    }
}

fn fails_at(&(began, place): &(u64, Place), now: u64) -> bool {
    matches!(place, Place::Down(after) if began + after == now)
}
