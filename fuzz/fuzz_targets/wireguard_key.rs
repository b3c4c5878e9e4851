//! WireGuard's keys as text: refused, or printed as they were read, the private ones only when asked.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau::wireguard::{PresharedKey, PrivateKey, PublicKey};

fuzz_target!(|text: &str| {
    // The three kinds have one form.
    let (public, private) = (text.parse::<PublicKey>(), text.parse::<PrivateKey>());
    assert_eq!(text.parse::<PresharedKey>().is_ok(), private.is_ok());
    assert_eq!(public.is_ok(), private.is_ok());
    if let (Ok(public), Ok(private)) = (&public, &private) {
        assert_eq!(public.to_string(), text);
        assert_eq!(*private.to_text(), text);
        assert!(!format!("{private:?}").contains(text));
    }
});
