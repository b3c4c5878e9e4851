//! Key files: refused, or written back as the same key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::SecretKey;

fuzz_target!(|text: &str| {
    match SecretKey::from_pkcs8_pem(text) {
        Ok(key) => {
            let again = SecretKey::from_pkcs8_pem(&key.to_pkcs8_pem());
            assert_eq!(again.map(|key| key.identity()), Ok(key.identity()));
        }
        Err(error) => {
            assert!(error.line().is_none_or(|line| line >= 1));
            assert!(!error.to_string().is_empty());
        }
    }
});
