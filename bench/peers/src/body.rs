//! Bodies that tell by themselves whether a message was lost, doubled, reordered or damaged.
//!
//! The first eight bytes are the number of the message and of its sender, the next eight are mixed from
//! them, and what follows is a piece of a pattern that begins at a place of its own for each message.

use std::fmt;

/// The shortest body, in bytes: the number and its check.
pub const SHORTEST: usize = 16;

/// The longest body, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// A prime, so that it is in step with no size of bodies or buffers.
const PERIOD: usize = 65_521;

/// Where the sender stands in the number.
const SENDER_BIT: u32 = 40;

/// What bodies are filled from.
pub struct Pattern(Box<[u8]>);

impl Pattern {
    /// The pattern; it is always the same one.
    pub fn new() -> Self {
        let mut state = 0x2545_f491_u32;
        let period: Vec<u8> = (0..PERIOD).map(|_| next(&mut state)).collect();
        Self(
            period
                .iter()
                .copied()
                .cycle()
                .take(PERIOD + LONGEST)
                .collect(),
        )
    }

    fn at(&self, mixed: u64, length: usize) -> &[u8] {
        let start = (mixed >> 32) as usize % PERIOD;
        &self.0[start..start + length]
    }

    /// Fills a body of [`SHORTEST`] to [`LONGEST`] bytes.
    pub fn fill(&self, sender: u32, sequence: u64, body: &mut [u8]) {
        let number = u64::from(sender) << SENDER_BIT | sequence;
        let mixed = mix(number);
        body[..8].copy_from_slice(&number.to_le_bytes());
        body[8..16].copy_from_slice(&mixed.to_le_bytes());
        let rest = &mut body[SHORTEST..];
        rest.copy_from_slice(self.at(mixed, rest.len()));
    }

    /// The sender and the sequence of a body, or nothing when it is damaged.
    pub fn read(&self, body: &[u8], length: usize) -> Option<(u32, u64)> {
        if body.len() != length {
            return None;
        }
        let number = u64::from_le_bytes(body[..8].try_into().ok()?);
        let mixed = mix(number);
        let whole =
            body[8..16] == mixed.to_le_bytes() && body[16..] == *self.at(mixed, length - SHORTEST);
        let sequence = number & ((1 << SENDER_BIT) - 1);
        whole.then_some(((number >> SENDER_BIT) as u32, sequence))
    }
}

fn next(state: &mut u32) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state as u8
}

fn mix(number: u64) -> u64 {
    let spread = (number ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread ^ spread >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// What a recipient has had from one sender.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    next: u64,
    /// Intact messages, each once.
    pub whole: u64,
    faults: Faults,
}

/// What went wrong, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    lost: u64,
    again: u64,
    damaged: u64,
}

impl Tally {
    /// Counts a message that came, by what [`Pattern::read`] made of it.
    pub fn count(&mut self, sender: u32, came: Option<(u32, u64)>) {
        match came {
            Some((from, sequence)) if from == sender && sequence >= self.next => {
                self.faults.lost += sequence - self.next;
                self.next = sequence + 1;
                self.whole += 1;
            }
            Some((from, _)) if from == sender => self.faults.again += 1,
            _ => self.faults.damaged += 1,
        }
    }

    /// What is wrong after a sender has sent so many messages.
    pub fn faults(&self, sent: u64) -> Faults {
        let lost = self.faults.lost + sent.saturating_sub(self.next);
        Faults {
            lost,
            ..self.faults
        }
    }
}

impl Faults {
    /// Whether nothing went wrong.
    pub fn none(&self) -> bool {
        *self == Self::default()
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.again += other.again;
        self.damaged += other.damaged;
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lost,
            again,
            damaged,
        } = self;
        write!(
            f,
            "losses: {lost}, doubled or late: {again}, damaged: {damaged}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(came: &[u64], sent: u64) -> Faults {
        let mut tally = Tally::default();
        for sequence in came {
            tally.count(3, Some((3, *sequence)));
        }
        tally.faults(sent)
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        let pattern = Pattern::new();
        let mut body = [0; 40];
        pattern.fill(3, 77, &mut body);
        assert_eq!(pattern.read(&body, 40), Some((3, 77)));
        for bit in 0..8 * body.len() {
            body[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(pattern.read(&body, 40), None, "bit {bit}");
            body[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn losses_doubles_and_late_ones_are_told_apart() {
        assert!(faults_of(&[0, 1, 2], 3).none());
        let lost = Faults {
            lost: 2,
            ..Faults::default()
        };
        assert_eq!(faults_of(&[0, 2], 4), lost);
        let again = Faults {
            again: 1,
            ..Faults::default()
        };
        assert_eq!(faults_of(&[0, 1, 1], 2), again);
        let late = Faults {
            lost: 1,
            again: 1,
            damaged: 0,
        };
        assert_eq!(faults_of(&[1, 0], 2), late);
    }
}
