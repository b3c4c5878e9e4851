//! What a signed record or withdrawal must not look like.

use super::{
    Vector, alice,
    build::{array, bytes, negative, text, uint},
    signed, vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    let record = |routes: &[&str]| {
        let routes: Vec<_> = routes.iter().copied().map(text).collect();
        array(&[alice(), uint(1), array(&routes), uint(1_900_000_000)])
    };
    let listen = |record: &[u8]| array(&[uint(1), uint(1), signed(record)]);
    let good = record(&["mem://x"]);
    let wide = [&[0x98, 0x04], &good[1..]].concat();
    let long = format!("unix:///{}", "x".repeat(248));
    let route = |route: &str| listen(&record(&[route]));
    let no_routes = array(&[alice(), uint(1), array(&[]), uint(1)]);
    let past = array(&[alice(), uint(1), array(&[text("mem://x")]), negative(1)]);
    let three = array(&[alice(), uint(1), array(&[text("mem://x")])]);
    let withdrawal = array(&[alice(), uint(1), uint(2)]);
    let unlisten = array(&[uint(2), uint(1), signed(&withdrawal)]);
    let short_signature = array(&[uint(1), uint(1), array(&[bytes(&good), bytes(&[0; 63])])]);
    let unsigned = array(&[uint(1), uint(1), array(&[bytes(&good)])]);
    let unwrapped = array(&[uint(1), uint(1), array(&[good.clone(), bytes(&[0; 64])])]);
    let mut vectors = vec![
        vector(
            "listen-no-route",
            "a record without routes",
            "length",
            listen(&no_routes),
        ),
        vector(
            "listen-nine-routes",
            "a route too many",
            "length",
            listen(&record(&["mem://x"; 9])),
        ),
        vector("listen-route-empty", "an empty route", "length", route("")),
        vector(
            "listen-route-long",
            "a route of 256 bytes",
            "length",
            route(&long),
        ),
        vector(
            "listen-route-no-scheme",
            "a route without a scheme",
            "route",
            route("127.0.0.1:6001"),
        ),
        vector(
            "listen-route-port",
            "a port that is too great",
            "route",
            route("tls://127.0.0.1:65536"),
        ),
        vector(
            "listen-expires-negative",
            "an expiry before 1970",
            "type",
            listen(&past),
        ),
        vector(
            "listen-no-expiry",
            "a record of three elements",
            "length",
            listen(&three),
        ),
        vector(
            "listen-record-not-shortest",
            "a record with a longer head",
            "not-shortest",
            listen(&wide),
        ),
        vector(
            "listen-record-trailing",
            "a byte after the record",
            "trailing",
            listen(&[&good[..], &[0x00]].concat()),
        ),
        vector(
            "listen-record-truncated",
            "half a record",
            "truncated",
            listen(&good[..20]),
        ),
        vector(
            "listen-record-empty",
            "a record of no bytes",
            "truncated",
            listen(&[]),
        ),
        vector(
            "listen-record-unwrapped",
            "a record that is not in a byte string",
            "type",
            unwrapped,
        ),
        vector(
            "listen-signature-short",
            "a signature of 63 bytes",
            "length",
            short_signature,
        ),
        vector(
            "listen-unsigned",
            "a record without signature",
            "length",
            unsigned,
        ),
        vector(
            "unlisten-three",
            "a withdrawal of three elements",
            "length",
            unlisten,
        ),
    ];
    vectors.extend(wrong_numbers(
        "listen",
        1,
        &[("sequence", uint(1)), ("record", signed(&good))],
    ));
    vectors.extend(wrong_numbers(
        "unlisten",
        2,
        &[("sequence", uint(1)), ("withdrawal", signed(&withdrawal))],
    ));
    vectors
}
