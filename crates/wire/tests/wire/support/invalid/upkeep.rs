//! What a ping, a pong or a drain must not look like.

use super::{
    Vector,
    build::{Item, array, null, text, uint},
    vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    let token = [("token", uint(1))];
    let drain = [("milliseconds", uint(1)), ("routes", array(&[]))];
    [
        wrong_numbers("ping", 20, &token),
        wrong_numbers("pong", 21, &token),
        wrong_numbers("drain", 22, &drain),
        routes(),
    ]
    .concat()
}

fn routes() -> Vec<Vector> {
    let drain = |routes: Item| array(&[uint(22), uint(1), routes]);
    let nine = array(&vec![text("mem://x"); 9]);
    let long = format!("unix:///{}", "x".repeat(248));
    vec![
        vector(
            "drain-nine-routes",
            "a route too many",
            "length",
            drain(nine),
        ),
        vector(
            "drain-routes-null",
            "null instead of no route",
            "type",
            drain(null()),
        ),
        vector(
            "drain-route-empty",
            "an empty route",
            "length",
            drain(array(&[text("")])),
        ),
        vector(
            "drain-route-long",
            "a route of 256 bytes",
            "length",
            drain(array(&[text(&long)])),
        ),
        vector(
            "drain-route-no-scheme",
            "a route without a scheme",
            "route",
            drain(array(&[text("192.0.2.2:6000")])),
        ),
        vector(
            "drain-route-upper-case",
            "a route that is not written as it is printed",
            "route",
            drain(array(&[text("TLS://192.0.2.2:6000")])),
        ),
        vector(
            "drain-route-long-ip",
            "an IPv6 address that is not written as it is printed",
            "route",
            drain(array(&[text("tls://[2001:db8:0:0:0:0:0:1]:6000")])),
        ),
    ]
}
