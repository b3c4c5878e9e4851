//! The administration socket: any bytes are refused, or one message in its one encoding.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| tuyau_router::assert_decodes_soundly(bytes));
