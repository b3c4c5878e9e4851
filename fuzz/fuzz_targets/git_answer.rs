//! What a web server answers to the Git example: refused, or a body that does not depend on how the
//! stream is cut.

#![no_main]

// The modules instead of their crate keep the reading of packs out of this build.
#[path = "../../examples/git/library/src/http/body.rs"]
mod body;
#[allow(dead_code, reason = "a target uses a part of what its crate does")]
#[path = "../../examples/git/library/src/http/head.rs"]
mod head;

use std::{error, fmt, io};

use libfuzzer_sys::fuzz_target;

/// An answer that is no success, as the module above these two has it.
#[derive(Debug)]
struct Refusal {
    status: u16,
    reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.reason)
    }
}

impl error::Error for Refusal {}

/// Reads an answer of which `piece` bytes come at a time.
fn read(mut rest: &[u8], piece: usize) -> io::Result<Vec<u8>> {
    let mut input = Vec::new();
    let mut more = |input: &mut Vec<u8>| {
        let (next, later) = rest.split_at(piece.min(rest.len()));
        rest = later;
        input.extend(next);
        !next.is_empty()
    };
    let mut body = loop {
        if let Some((body, length)) = head::parse(&input)? {
            input.drain(..length);
            break body;
        }
        if !more(&mut input) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let (mut whole, mut buffer) = (Vec::new(), [0; 100]);
    while !body.is_over() {
        let (taken, given) = body.take(&input, &mut buffer)?;
        input.drain(..taken);
        whole.extend(&buffer[..given]);
        if taken == 0 && !body.is_over() && !more(&mut input) {
            body.connection_ended()?;
        }
    }
    Ok(whole)
}

fuzz_target!(|bytes: &[u8]| {
    let (whole, bit_by_bit) = (read(bytes, usize::MAX), read(bytes, 1));
    if let Ok(body) = &whole {
        assert!(body.len() <= bytes.len());
    }
    assert_eq!(whole.ok(), bit_by_bit.ok());
});
