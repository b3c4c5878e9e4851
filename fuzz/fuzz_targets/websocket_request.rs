//! What a WebSocket server reads: the request and the frames behind it. How the bytes are cut changes
//! neither the verdict nor what is read.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use support::{finish, heard, read_all};
use tuyau::websocket::{Acceptor, Upgrade};
use tuyau_core::{Acceptor as _, ErrorKind};

/// A request that is accepted, for inputs that are frames only.
const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: e\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

type Verdict = Option<(Upgrade, Vec<u8>, Option<ErrorKind>)>;

fn serve(bytes: &[u8], short: usize) -> Verdict {
    let (near, _far) = heard(bytes, short);
    match finish(Acceptor::new().message_limit(1000).accept(near)) {
        Ok(mut flow) => {
            let upgrade = flow.upgrade().clone();
            let (all, end) = read_all(&mut flow);
            assert!(all.len() <= bytes.len());
            Some((upgrade, all, end))
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let framed = [REQUEST, bytes].concat();
    for input in [bytes, &framed] {
        assert_eq!(serve(input, usize::MAX), serve(input, 1));
    }
});
