//! Flows of a port that wait to send, in the order in which they came.

use std::{collections::BTreeMap, task::Waker};

use super::syn::Ends;

/// Who waits. One that is woken keeps its place until it has sent or is gone, so that it does not have to
/// queue again where somebody else was faster.
#[derive(Default)]
pub(super) struct Writers {
    /// The place of each, and its waker unless it was woken.
    of: BTreeMap<Ends, (u64, Option<Waker>)>,
    places: BTreeMap<u64, Ends>,
}

impl Writers {
    /// Waits in the place that the flow has, or behind all others.
    pub(super) fn wait(&mut self, ends: Ends, waker: &Waker) {
        let last = self.places.keys().next_back();
        let next = last.map_or(0, |last| last + 1);
        let (place, waiting) = self.of.entry(ends).or_insert((next, None));
        *waiting = Some(waker.clone());
        self.places.insert(*place, ends);
    }

    /// Whether the flow waits, or was woken and has not sent since.
    pub(super) fn has_place(&self, ends: Ends) -> bool {
        self.of.contains_key(&ends)
    }

    pub(super) fn remove(&mut self, ends: Ends) {
        if let Some((place, _)) = self.of.remove(&ends) {
            self.places.remove(&place);
        }
    }

    /// Those that wait and were not woken, the first first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Ends> {
        let waits = |ends: &Ends| matches!(self.of.get(ends), Some((_, Some(_))));
        self.places.values().copied().filter(waits)
    }

    /// The wakers of those that `can_send`, the first first.
    pub(super) fn take(&mut self, mut can_send: impl FnMut(Ends) -> bool) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for ends in self.places.values() {
            if let Some((_, waiting)) = self.of.get_mut(ends)
                && waiting.is_some()
                && can_send(*ends)
            {
                wakers.extend(waiting.take());
            }
        }
        wakers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(port: u16) -> Ends {
        Ends {
            local: ([10, 0, 0, 1], 53).into(),
            remote: ([10, 0, 0, 2], port).into(),
        }
    }

    #[test]
    fn who_came_first_is_woken_first_and_keeps_its_place_until_it_has_sent() {
        let mut writers = Writers::default();
        let waiting = |writers: &Writers| writers.waiting().collect::<Vec<_>>();
        for port in [3, 1, 2] {
            writers.wait(ends(port), Waker::noop());
        }
        assert_eq!(waiting(&writers), [3, 1, 2].map(ends));
        let mut room = 1;
        let one = |_| std::mem::take(&mut room) > 0;
        assert_eq!(writers.take(one).len(), 1);
        assert_eq!(waiting(&writers), [1, 2].map(ends));
        // Somebody else was faster.
        assert!(writers.has_place(ends(3)));
        writers.wait(ends(3), Waker::noop());
        assert_eq!(waiting(&writers), [3, 1, 2].map(ends));
        writers.remove(ends(3));
        writers.wait(ends(3), Waker::noop());
        assert_eq!(waiting(&writers), [1, 2, 3].map(ends));
        assert_eq!(writers.take(|_| true).len(), 3);
        assert!(writers.take(|_| true).is_empty());
    }
}
