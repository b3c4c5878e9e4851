//! What a WebSocket client reads: the server's answer. Nothing that does not know the key is agreement.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use support::{finish, heard};
use tuyau::websocket::{Connector, Request};
use tuyau_core::{Attempt, Layer, Stage};

fn connect(bytes: &[u8], short: usize) -> String {
    let (near, _far) = heard(bytes, short);
    let request = Request::new("example.org", "/").unwrap();
    let attempt = Attempt::new(Stage::new("websocket"));
    let error = finish(Connector::new().connect(near, &request, &attempt)).unwrap_err();
    let text = error.to_string();
    assert!(!text.bytes().any(|byte| byte.is_ascii_control()));
    // How much came of what is no HTTP depends on how it is cut.
    text.split('"').next().unwrap().to_owned()
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(connect(bytes, usize::MAX), connect(bytes, 1));
});
