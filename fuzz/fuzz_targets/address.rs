//! Addresses: refused, or printed in a form that reads as the same address.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_core::Address;

fuzz_target!(|text: &str| {
    match text.parse::<Address>() {
        Ok(address) => {
            let printed = address.to_string();
            assert!(printed.len() <= Address::MAX_LENGTH);
            for (name, _) in address.queries() {
                assert!(address.query(name).is_some());
            }
            assert_eq!(printed.parse(), Ok(address));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
