//! The router's handles: small numbers, used again when nobody can mean the old one any more.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// How many free numbers there must be before one is used again, so that a number does not soon
/// mean something else.
const REST: usize = 1024;

/// Gives out numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    shared: Arc<Mutex<Pool>>,
}

#[derive(Debug, Default)]
struct Pool {
    next: u64,
    free: VecDeque<u64>,
}

/// A number; dropping it frees it.
#[derive(Debug)]
pub(crate) struct Number {
    number: u64,
    pool: Numbers,
}

impl Numbers {
    pub(crate) fn take(&self) -> Number {
        let mut pool = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let free = (pool.free.len() > REST).then(|| pool.free.pop_front());
        let number = free.flatten().unwrap_or_else(|| {
            pool.next += 1;
            pool.next - 1
        });
        Number {
            number,
            pool: self.clone(),
        }
    }
}

impl Number {
    pub(crate) fn get(&self) -> u64 {
        self.number
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        let mut pool = self
            .pool
            .shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pool.free.push_back(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_used_again_after_a_rest() {
        let numbers = Numbers::default();
        drop(numbers.take());
        let next = numbers.take();
        assert_eq!(next.get(), 1, "0 rests");
        let many: Vec<_> = (0..2 * REST).map(|_| numbers.take()).collect();
        drop(many);
        assert!(numbers.take().get() < 4 * REST as u64);
        assert_eq!(
            numbers.take().get(),
            2,
            "the one that rested longest but one"
        );
    }
}
