//! Configurations: any bytes give one, or errors on lines that only print.

#![no_main]

// The module instead of its crate keeps the terminal and the network out of this build.
#[allow(
    dead_code,
    unused_imports,
    reason = "a target uses a part of what its crate does"
)]
#[path = "../../crates/cli/src/config/mod.rs"]
mod config;

use config::{ConfigKind, from_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for kind in ConfigKind::ALL {
        let Err(errors) = from_bytes(kind, "fuzz.yaml", bytes) else {
            continue;
        };
        assert!(errors.iter().count() > 0);
        for line in errors.to_string().lines() {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
});
