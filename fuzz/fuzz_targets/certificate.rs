//! Certificates as they are described to people: refused, or a description that prints in one line,
//! in bounds, without control characters.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau::tls::Description;

fuzz_target!(|der: &[u8]| {
    if let Some(description) = Description::read(der) {
        let printed = description.to_string();
        assert!(!printed.contains(char::is_control) && printed.len() < 20 * (der.len() + 100));
    }
});
