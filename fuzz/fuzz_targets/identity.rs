//! Identities as text: refused, or printed as they were read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::Identity;

fuzz_target!(|text: &str| {
    match text.parse::<Identity>() {
        Ok(identity) => assert_eq!(identity.to_string(), text.to_ascii_lowercase()),
        Err(error) => {
            assert!(
                error
                    .position()
                    .is_none_or(|position| position < text.chars().count())
            );
            assert!(!error.to_string().is_empty());
        }
    }
});
