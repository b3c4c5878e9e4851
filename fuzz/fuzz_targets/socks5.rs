//! What a SOCKS5 proxy answers: refused with a reason, or connected, and then every byte behind the
//! answer is the destination's.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use support::{finish, heard, read_all};
use tuyau::{
    proxy::{Credentials, Destination, Route, Via},
    socks5::Socks5,
};
use tuyau_core::{Attempt, Layer, Stage};

fn connect(bytes: &[u8], named: bool, short: usize) -> Result<(Via, Vec<u8>), String> {
    let (near, _far) = heard(bytes, short);
    let mut route = Route::to(Destination::new("example.org", 80).unwrap());
    if named {
        route = route.credentials(Credentials::new("alice", "sesame").unwrap());
    }
    let attempt = Attempt::new(Stage::new("socks5"));
    let connected = finish(Socks5::new().connect(near, &route, &attempt));
    let mut flow = connected.map_err(|error| error.to_string())?;
    let via = flow.via().clone();
    let (all, end) = read_all(&mut flow);
    assert!(end.is_none() && bytes.ends_with(&all));
    Ok((via, all))
}

fuzz_target!(|bytes: &[u8]| {
    for named in [false, true] {
        let whole = connect(bytes, named, usize::MAX);
        if let Err(text) = &whole {
            assert!(!text.contains("sesame"));
        }
        assert_eq!(whole, connect(bytes, named, 1));
    }
});
