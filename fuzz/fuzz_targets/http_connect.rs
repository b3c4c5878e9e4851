//! What an HTTP proxy answers to CONNECT: refused with a reason, or connected, and then every byte
//! behind the head is the destination's.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use support::{finish, heard, read_all};
use tuyau::{
    http_connect::HttpConnect,
    proxy::{Destination, Route},
};
use tuyau_core::{Attempt, Layer, Stage};

fn connect(bytes: &[u8], short: usize) -> Result<Vec<u8>, String> {
    let (near, _far) = heard(bytes, short);
    let route = Route::to(Destination::new("example.org", 80).unwrap());
    let attempt = Attempt::new(Stage::new("http-connect"));
    let connected = finish(HttpConnect::new().connect(near, &route, &attempt));
    let mut flow = connected.map_err(|error| {
        let text = error.to_string();
        assert!(!text.bytes().any(|byte| byte.is_ascii_control()));
        // How much came of what is no HTTP depends on how it is cut.
        text.split('"').next().unwrap().to_owned()
    })?;
    let (all, end) = read_all(&mut flow);
    assert!(end.is_none() && bytes.ends_with(&all));
    Ok(all)
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(connect(bytes, usize::MAX), connect(bytes, 1));
});
