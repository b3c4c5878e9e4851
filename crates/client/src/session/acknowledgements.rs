//! What the application is done with, gathered until it is sent.

use tuyau_wire::Message;

/// How far back a range is looked for that grows.
const LOOK_BACK: usize = 16;

/// Acknowledgements that have not been sent.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    ranges: Vec<Range>,
}

/// Messages that came one after the other under one handle of the router.
#[derive(Debug)]
struct Range {
    handle: u64,
    first: u64,
    last: u64,
    /// How many came under the handle before the last one, in this session.
    ordinal: u64,
}

impl Acknowledgements {
    /// Adds one message. `ordinal` counts what came under the handle: only what came one directly
    /// after the other becomes one range, so that a range holds nothing else.
    pub(super) fn add(&mut self, handle: u64, sequence: u64, ordinal: u64) {
        let mut recent = self.ranges.iter_mut().rev().take(LOOK_BACK);
        let grows = recent.find(|range| range.handle == handle);
        if let Some(range) = grows
            && range.ordinal + 1 == ordinal
            && range.last < sequence
        {
            (range.last, range.ordinal) = (sequence, ordinal);
            return;
        }
        self.ranges.push(Range {
            handle,
            first: sequence,
            last: sequence,
            ordinal,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Appends all of it to what is to be written.
    pub(super) fn encode(&mut self, out: &mut Vec<u8>) {
        for Range {
            handle,
            first,
            last,
            ..
        } in self.ranges.drain(..)
        {
            let message = Message::Acknowledge {
                handle,
                first,
                last,
            };
            message.encode_frame(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use tuyau_wire::frame;

    use super::*;

    fn encoded(added: &[(u64, u64, u64)]) -> Vec<(u64, u64, u64)> {
        let mut acknowledgements = Acknowledgements::default();
        for (handle, sequence, ordinal) in added {
            acknowledgements.add(*handle, *sequence, *ordinal);
        }
        let (mut out, mut at, mut found) = (Vec::new(), 0, Vec::new());
        acknowledgements.encode(&mut out);
        while let Some(frame) = frame::split(&out[at..], 100).unwrap() {
            at += frame.length;
            let Message::Acknowledge {
                handle,
                first,
                last,
            } = Message::decode(frame.message).unwrap()
            else {
                panic!()
            };
            found.push((handle, first, last));
        }
        found
    }

    #[test]
    fn what_came_one_after_the_other_becomes_one_range_even_with_gaps_in_its_numbers() {
        let added = [(1, 5, 0), (2, 6, 0), (1, 9, 1), (2, 7, 1), (1, 20, 2)];
        assert_eq!(encoded(&added), [(1, 5, 20), (2, 6, 7)]);
    }

    #[test]
    fn a_range_holds_nothing_that_was_not_acknowledged() {
        let added = [(1, 5, 0), (1, 9, 2), (1, 7, 1)];
        assert_eq!(encoded(&added), [(1, 5, 5), (1, 9, 9), (1, 7, 7)]);
    }
}
