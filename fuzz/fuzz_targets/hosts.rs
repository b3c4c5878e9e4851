//! Hosts files: whatever they are, what can be used is, and problems only print and are in the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau::hosts::{Entries, MAX_ADDRESSES, MAX_PROBLEMS};

fuzz_target!(|text: &[u8]| {
    let entries = Entries::parse(text);
    let lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
    assert!(entries.problems().len() <= MAX_PROBLEMS);
    for problem in entries.problems() {
        let line = lines[problem.line() - 1];
        assert!((1..=line.len()).contains(&problem.column()));
        let printed = problem.to_string();
        assert!(!printed.contains(char::is_control) && printed.len() < 1_000);
    }
    for word in text.split(|byte| b" \t\r\n\x0b\x0c#".contains(byte)) {
        if let Ok(word) = str::from_utf8(word) {
            let found = entries.find(word);
            assert!(found.len() <= MAX_ADDRESSES);
            assert_eq!(entries.find(&word.to_ascii_uppercase()), found);
        }
    }
});
