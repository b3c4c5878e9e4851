mod bindings;
mod delivery;
mod dials;
mod groups;
mod lookup;
mod permits;
mod recall;
mod registrations;
mod reload;
mod sessions;
mod takeover;
mod world;

use std::time::Duration;

use tuyau_core::Origin;
use tuyau_wire::{
    Announcement, Binding, Class, Hello, Parameter, Record, Role, SecretKey, Signed, Target,
    Withdrawal, capability, frame,
};

use super::*;
use crate::policy::Action as Deed;
use world::{World, fast};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn identity(seed: u8) -> Identity {
    key(seed).identity()
}

fn record(seed: u8, sequence: u64, route: &str) -> Signed<Record> {
    let expires = NOW.seconds() + 600;
    let routes = vec![route.parse().unwrap()];
    let record = Record {
        identity: identity(seed),
        sequence,
        routes,
        expires,
    };
    Signed::sign(&key(seed), record).unwrap()
}
