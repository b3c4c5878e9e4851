//! The keys of the vectors. Their seeds are published, so nobody may use them for anything else.

use tuyau_wire::SecretKey;

/// The names of the keys and the byte that their seed repeats 32 times.
pub const NAMES: [(&str, u8); 4] = [
    ("alice", 0x01),
    ("bob", 0x02),
    ("router", 0x03),
    ("group", 0x04),
];

pub fn alice() -> SecretKey {
    SecretKey::from_seed([0x01; 32])
}

pub fn bob() -> SecretKey {
    SecretKey::from_seed([0x02; 32])
}

pub fn router() -> SecretKey {
    SecretKey::from_seed([0x03; 32])
}

pub fn group() -> SecretKey {
    SecretKey::from_seed([0x04; 32])
}
