//! Routers in one process that hand messages to each other.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Arrival, ForwardError, ForwardErrorKind, Forwarder, Parcel, Settled, Verdict};
use crate::store::Id;

/// A network in memory, to which routers are joined by [`MemoryNetwork::join`].
#[derive(Clone, Debug)]
pub struct MemoryNetwork {
    shared: Arc<Mutex<Shared>>,
    capacity: usize,
}

/// One router's place in a [`MemoryNetwork`], which it leaves when it is dropped.
#[derive(Debug)]
pub struct MemoryForwarder {
    network: MemoryNetwork,
    id: Id,
    joined: u64,
}

#[derive(Debug, Default)]
struct Shared {
    desks: BTreeMap<Id, Desk>,
    /// The last number of a parcel or of a place; none is used twice, so that what is said to a
    /// router that has left is not taken for something else by its successor.
    last: u64,
}

/// What waits for a router, and what waits for others' answers.
#[derive(Debug)]
struct Desk {
    joined: u64,
    arrivals: VecDeque<Arrival>,
    settled: VecDeque<Settled>,
    under_way: BTreeMap<u64, Id>,
}

impl MemoryNetwork {
    /// A network in which at most `capacity` parcels are under way from one router to another.
    pub fn new(capacity: usize) -> Self {
        Self {
            shared: Arc::default(),
            capacity,
        }
    }

    /// Joins a router; an older one of the same id has left.
    pub fn join(&self, id: Id) -> MemoryForwarder {
        let mut shared = self.shared();
        shared.leave(id);
        let joined = shared.number();
        shared.desks.insert(
            id,
            Desk {
                joined,
                arrivals: VecDeque::new(),
                settled: VecDeque::new(),
                under_way: BTreeMap::new(),
            },
        );
        let network = self.clone();
        MemoryForwarder {
            network,
            id,
            joined,
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Takes a router away: nobody can tell what became of the parcels on their way to it.
    fn leave(&mut self, id: Id) {
        self.desks.remove(&id);
        for desk in self.desks.values_mut() {
            desk.arrivals.retain(|arrival| arrival.from != id);
            let settled = &mut desk.settled;
            desk.under_way.retain(|&number, to| {
                if *to == id {
                    let verdict = Verdict::Unknown;
                    settled.push_back(Settled { number, verdict });
                }
                *to != id
            });
        }
    }
}

impl MemoryForwarder {
    /// What waits for this router, while it has not been replaced.
    fn with<T>(&self, act: impl FnOnce(&mut Desk) -> Vec<T>) -> Vec<T> {
        match self.network.shared().desks.get_mut(&self.id) {
            Some(desk) if desk.joined == self.joined => act(desk),
            _ => Vec::new(),
        }
    }
}

impl Forwarder for MemoryForwarder {
    fn forward(&mut self, to: Id, parcel: Parcel) -> Result<u64, ForwardError> {
        let refused = |kind| Err(ForwardError { kind, to });
        let mut shared = self.network.shared();
        let number = shared.number();
        if !shared.desks.contains_key(&to) {
            return refused(ForwardErrorKind::Unreachable);
        }
        match shared.desks.get_mut(&self.id) {
            Some(own) if own.joined == self.joined => {
                let under_way = own.under_way.values().filter(|other| **other == to);
                if under_way.count() >= self.network.capacity {
                    return refused(ForwardErrorKind::Busy);
                }
                own.under_way.insert(number, to);
            }
            _ => return refused(ForwardErrorKind::Unreachable),
        }
        if let Some(other) = shared.desks.get_mut(&to) {
            let from = self.id;
            other.arrivals.push_back(Arrival {
                from,
                number,
                parcel,
            });
        }
        Ok(number)
    }

    fn arrivals(&mut self, most: usize) -> Vec<Arrival> {
        self.with(|desk| {
            let most = most.min(desk.arrivals.len());
            desk.arrivals.drain(..most).collect()
        })
    }

    fn answer(&mut self, arrival: &Arrival, verdict: Verdict) {
        let number = arrival.number;
        if let Some(sender) = self.network.shared().desks.get_mut(&arrival.from)
            && sender.under_way.get(&number) == Some(&self.id)
        {
            sender.under_way.remove(&number);
            sender.settled.push_back(Settled { number, verdict });
        }
    }

    fn settled(&mut self, most: usize) -> Vec<Settled> {
        self.with(|desk| {
            let most = most.min(desk.settled.len());
            desk.settled.drain(..most).collect()
        })
    }
}

impl Drop for MemoryForwarder {
    fn drop(&mut self) {
        let mut shared = self.network.shared();
        let desk = shared.desks.get(&self.id);
        if desk.is_some_and(|desk| desk.joined == self.joined) {
            shared.leave(self.id);
        }
    }
}
