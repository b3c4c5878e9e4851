//! Which of the messages that may come again are still held, and by how many mailboxes.

use std::collections::{BTreeMap, HashMap};

use crate::store::{Held, id_map::Keyed};

/// Where the messages are that are still held, of those whose numbers are in a window.
///
/// A window is known by a number here, so that a message takes about 70 bytes. What is acknowledged
/// takes nothing, nor does what is too old to be told from a new one.
#[derive(Default)]
pub(super) struct Holders {
    /// By position.
    messages: HashMap<u64, Holding, Keyed>,
    /// By window, the position of each number.
    windows: Vec<BTreeMap<u64, u64>>,
    free: Vec<u32>,
    /// Whether no number of a window is given again.
    fresh: bool,
}

/// How a message is held.
#[derive(Clone, Copy, Debug)]
struct Holding {
    window: u32,
    mailboxes: u32,
    sequence: u64,
}

impl Holders {
    /// One that gives no number of a window again, for reading the log.
    pub(super) fn fresh() -> Self {
        Self {
            fresh: true,
            ..Self::default()
        }
    }

    /// The number of a new window.
    pub(super) fn open(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.windows.push(BTreeMap::new());
            u32::try_from(self.windows.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// Forgets a window.
    pub(super) fn close(&mut self, window: u32) {
        for position in std::mem::take(self.window(window)).into_values() {
            self.messages.remove(&position);
        }
        if !self.fresh {
            self.free.push(window);
        }
    }

    /// Forgets the numbers of a window below one.
    pub(super) fn raise(&mut self, window: u32, lowest: u64) {
        while let Some(oldest) = self.window(window).first_entry() {
            if *oldest.key() >= lowest {
                return;
            }
            let position = oldest.remove();
            self.messages.remove(&position);
        }
    }

    /// Notes where a message is and how many mailboxes hold it. Of two with the same number the
    /// later one counts.
    pub(super) fn note(&mut self, window: u32, sequence: u64, position: u64, mailboxes: u32) {
        let known = self.window(window).entry(sequence).or_insert(position);
        let before = std::mem::replace(known, position.max(*known));
        if before > position {
            return;
        }
        self.messages.remove(&before);
        let holding = Holding {
            window,
            mailboxes,
            sequence,
        };
        self.messages.insert(position, holding);
    }

    /// Counts one mailbox more that holds the message at a position.
    pub(super) fn retain(&mut self, position: u64) {
        if let Some(holding) = self.messages.get_mut(&position) {
            holding.mailboxes += 1;
        }
    }

    /// Counts one mailbox less that holds the message at a position.
    pub(super) fn release(&mut self, position: u64) {
        let Some(holding) = self.messages.get_mut(&position) else {
            return;
        };
        holding.mailboxes = holding.mailboxes.saturating_sub(1);
        if holding.mailboxes == 0 {
            let holding = *holding;
            self.forget(position, holding);
        }
    }

    /// Forgets what no mailbox holds, when all that do have been counted.
    pub(super) fn settle(&mut self) {
        let gone = self.messages.iter();
        let gone = gone.filter(|(_, holding)| holding.mailboxes == 0);
        let gone: Vec<_> = gone.map(|(position, held)| (*position, *held)).collect();
        for (position, holding) in gone {
            self.forget(position, holding);
        }
        self.messages.shrink_to_fit();
    }

    /// Who holds the message with a number.
    pub(super) fn find(&self, window: u32, sequence: u64) -> Option<Held> {
        let window = self.windows.get(window as usize)?;
        let position = *window.get(&sequence)?;
        let holding = self.messages.get(&position)?;
        let mailboxes = u64::from(holding.mailboxes);
        Some(Held {
            position,
            mailboxes,
        })
    }

    fn forget(&mut self, position: u64, holding: Holding) {
        self.messages.remove(&position);
        let window = self.window(holding.window);
        window.remove(&holding.sequence);
        if window.is_empty() {
            // An empty tree keeps a node.
            *window = BTreeMap::new();
        }
    }

    fn window(&mut self, window: u32) -> &mut BTreeMap<u64, u64> {
        &mut self.windows[window as usize]
    }

    /// How many messages it knows.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let numbers: usize = self.windows.iter().map(BTreeMap::len).sum();
        assert_eq!(numbers, self.messages.len());
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_takes_nothing() {
        let mut holders = Holders::default();
        let window = holders.open();
        for number in 0..100 {
            holders.note(window, number, 1000 + number, 2);
        }
        assert_eq!(holders.len(), 100);
        holders.raise(window, 10);
        assert_eq!(holders.len(), 90);
        for position in 1000..1100 {
            holders.release(position);
        }
        assert_eq!(holders.len(), 90);
        let held = Held {
            position: 1050,
            mailboxes: 1,
        };
        assert_eq!(holders.find(window, 50), Some(held));
        holders.release(1050);
        assert_eq!((holders.find(window, 50), holders.len()), (None, 89));
        holders.close(window);
        assert_eq!(holders.len(), 0);
        assert_eq!(holders.open(), window);
    }

    #[test]
    fn of_two_messages_with_one_number_the_later_counts() {
        let mut holders = Holders::default();
        let window = holders.open();
        for position in [7, 9, 8] {
            holders.note(window, 1, position, 1);
        }
        assert_eq!(holders.find(window, 1).map(|held| held.position), Some(9));
        assert_eq!(holders.len(), 1);
        (7..10).for_each(|position| holders.release(position));
        assert_eq!(holders.len(), 0);
    }
}
