//! What a file is, and what it would be after a power cut.

use super::Random;

/// What a disk writes at once.
const SECTOR: u64 = 512;

/// A file's content.
pub(super) struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// What was done since the last sync.
    since: Vec<Change>,
    /// What a sync that failed has lost: it comes to the disk only when it is written again.
    forgotten: bool,
}

enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    Length(u64),
}

impl Content {
    /// A file that is on the disk.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            now: bytes.clone(),
            durable: bytes,
            since: Vec::new(),
            forgotten: false,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.change(Change::Write { offset, bytes });
    }

    pub(super) fn set_length(&mut self, length: u64) {
        self.change(Change::Length(length));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.now, &mut |_| true);
        self.since.push(change);
    }

    pub(super) fn sync(&mut self) {
        if self.forgotten {
            for change in &self.since {
                change.apply(&mut self.durable, &mut |_| true);
            }
        } else {
            self.durable.clone_from(&self.now);
        }
        self.since.clear();
    }

    /// A sync failed: what was under way is in memory and nowhere else.
    pub(super) fn forget(&mut self) {
        self.since.clear();
        self.forgotten = true;
    }

    pub(super) fn after_power_cut(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        // All, none, or any of it: each of these finds other mistakes.
        let kind = random.below(4);
        for change in &self.since {
            change.apply(&mut bytes, &mut |_| match kind {
                0 => false,
                1 => true,
                _ => random.below(2) == 0,
            });
        }
        bytes
    }
}

impl Change {
    /// Does this to some content, sector by sector where that sector is let through.
    fn apply(&self, content: &mut Vec<u8>, through: &mut dyn FnMut(u64) -> bool) {
        match self {
            Self::Length(length) => {
                if through(0) {
                    content.resize(usize::try_from(*length).unwrap_or(usize::MAX), 0);
                }
            }
            Self::Write { offset, bytes } => {
                let (mut at, end) = (*offset, offset + bytes.len() as u64);
                while at < end {
                    let next = end.min((at / SECTOR + 1) * SECTOR);
                    if through(at / SECTOR) {
                        let piece = &bytes[(at - offset) as usize..(next - offset) as usize];
                        let (from, to) = (at as usize, next as usize);
                        if content.len() < to {
                            content.resize(to, 0);
                        }
                        content[from..to].copy_from_slice(piece);
                    }
                    at = next;
                }
            }
        }
    }
}
