//! Addresses with a prefix: refused in one line, or printed in a form that reads as the same one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau::smoltcp::Cidr;

fuzz_target!(|text: &str| match text.parse::<Cidr>() {
    Ok(cidr) => {
        assert!(cidr.contains(cidr.address()));
        assert_eq!(Cidr::new(cidr.address(), cidr.prefix()), Ok(cidr));
        assert_eq!(cidr.to_string().parse(), Ok(cidr));
    }
    Err(error) => assert!(!error.to_string().contains(char::is_control)),
});
