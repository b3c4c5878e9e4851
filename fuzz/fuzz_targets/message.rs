//! Messages: refused, or read and written back to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::{Message, cbor};

fuzz_target!(|bytes: &[u8]| {
    let checked = cbor::check(bytes);
    match Message::decode(bytes) {
        Ok(message) => {
            assert_eq!(checked, Ok(()));
            assert_eq!(message.encode(), bytes);
            assert_eq!(message.encoded_len(), bytes.len());
            if let Message::Listen { record, .. } = message {
                let _ = record.verify();
            }
        }
        Err(error) => {
            assert!(error.offset() <= bytes.len());
            assert!(!error.to_string().is_empty());
        }
    }
});
