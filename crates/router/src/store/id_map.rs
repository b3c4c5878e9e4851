//! Maps from ids, looked up once or more for each message.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use super::Id;

/// A map from ids.
pub(crate) type IdMap<V> = HashMap<Id, V, Keyed>;

/// A hash that is several times faster than that of the standard library for ids.
///
/// Ids are chosen by strangers, who may look for keys that fall together; so two secret numbers go
/// into each step.
#[derive(Clone)]
pub(crate) struct Keyed {
    secrets: [u64; 2],
}

pub(crate) struct KeyedHasher {
    state: u64,
    secret: u64,
}

impl Default for Keyed {
    fn default() -> Self {
        let random = RandomState::new();
        Self {
            secrets: [random.hash_one(1), random.hash_one(2) | 1],
        }
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        let [state, secret] = self.secrets;
        KeyedHasher { state, secret }
    }
}

impl KeyedHasher {
    /// Mixes eight bytes in: both halves of a product.
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.secret);
        self.state = (product as u64) ^ (product >> 64) as u64 ^ word.rotate_left(32);
    }
}

impl Hasher for KeyedHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words
            .iter()
            .for_each(|word| self.mix(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn finish(&self) -> u64 {
        let product = u128::from(self.state) * u128::from(self.secret);
        (product as u64) ^ (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_that_differ_little_are_spread() {
        let keyed = Keyed::default();
        let mut low = HashSet::new();
        for at in 0..Id::LENGTH {
            for bit in 0..8 {
                let mut bytes = [0; Id::LENGTH];
                bytes[at] = 1 << bit;
                low.insert(keyed.hash_one(Id::new(bytes)) % 4096);
            }
        }
        // Of 256 in 4096 places few meet by chance.
        assert!(low.len() > 220, "{}", low.len());
    }

    #[test]
    fn each_map_has_secrets_of_its_own() {
        let id = Id::new([1; 32]);
        assert_ne!(Keyed::default().hash_one(id), Keyed::default().hash_one(id));
    }
}
