//! The newest record of each identity that was seen, so that an older one is not believed again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tuyau_core::Address;
use tuyau_wire::{Identity, Record};

/// How many identities are remembered; beyond that, the one whose record expires first is forgotten.
const MAX_IDENTITIES: usize = 1024;

#[derive(Default)]
pub(super) struct Newest(Mutex<HashMap<Identity, Kept>>);

struct Kept {
    sequence: u64,
    /// In seconds since 1970.
    expires: u64,
    routes: Vec<Address>,
}

impl Newest {
    /// The routes of this record, or of a newer one of the same identity that was given before and
    /// has not expired. The time is in seconds since 1970.
    pub(super) fn routes(&self, record: &Record, now: u64) -> Vec<Address> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, it| it.expires > now);
        if let Some(newer) = kept.get(&record.identity)
            && newer.sequence > record.sequence
        {
            return newer.routes.clone();
        }
        if kept.len() >= MAX_IDENTITIES && !kept.contains_key(&record.identity) {
            let first = kept.iter().min_by_key(|(_, it)| it.expires);
            let first = first.map(|(identity, _)| *identity);
            first.map(|identity| kept.remove(&identity));
        }
        let (sequence, expires) = (record.sequence, record.expires);
        let routes = record.routes.clone();
        let newest = Kept {
            sequence,
            expires,
            routes: routes.clone(),
        };
        kept.insert(record.identity, newest);
        routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuyau_wire::SecretKey;

    fn record(seed: u64, sequence: u64, route: &str, expires: u64) -> Record {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Record {
            identity: SecretKey::from_seed(bytes).identity(),
            sequence,
            routes: vec![route.parse().unwrap()],
            expires,
        }
    }

    #[test]
    fn a_newer_record_stays_until_it_expires() {
        let newest = Newest::default();
        let give = |sequence, route: &str, expires, now| {
            newest.routes(&record(1, sequence, route, expires), now)[0].to_string()
        };
        assert_eq!(give(5, "tls://five:1", 100, 0), "tls://five:1");
        assert_eq!(give(4, "tls://four:1", 900, 1), "tls://five:1");
        assert_eq!(give(5, "tls://five:1", 100, 2), "tls://five:1");
        assert_eq!(give(6, "tls://six:1", 200, 3), "tls://six:1");
        assert_eq!(give(5, "tls://five:1", 100, 4), "tls://six:1");
        assert_eq!(give(4, "tls://four:1", 900, 200), "tls://four:1");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let newest = Newest::default();
        for seed in 0..MAX_IDENTITIES as u64 + 5 {
            newest.routes(&record(seed, 9, "tls://new:1", 1000 + seed), 0);
        }
        assert_eq!(newest.0.lock().unwrap().len(), MAX_IDENTITIES);
        let old = |seed| newest.routes(&record(seed, 1, "tls://old:1", 5000), 0)[0].to_string();
        assert_eq!(old(5), "tls://new:1");
        assert_eq!(old(0), "tls://old:1");
    }
}
