//! Streams: whatever their first frame is found to be does not change when they come in two parts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::frame;

const LIMIT: usize = 300;

fuzz_target!(|bytes: &[u8]| {
    let whole = frame::split(bytes, LIMIT);
    if let Ok(Some(frame)) = &whole {
        assert!(frame.message.len() <= LIMIT && frame.length <= bytes.len());
    }
    if let Ok(None) = &whole {
        assert!(frame::missing(bytes) > 0);
    }
    for end in 0..bytes.len().min(16) {
        match (frame::split(&bytes[..end], LIMIT), &whole) {
            (Ok(None), _) => {}
            (Ok(Some(part)), Ok(Some(whole))) => assert_eq!(&part, whole),
            (Err(part), Err(whole)) => assert_eq!(part.reject_code(), whole.reject_code()),
            (part, whole) => panic!("{part:?} of {whole:?}"),
        }
    }
});
