//! What keeps a session alive and ends it in good order.

use tuyau_wire::Message;

use super::{EDGES, Vector, vector};

pub fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for token in EDGES {
        let title = format!("token {token}");
        vectors.push(vector(
            &format!("ping-{token}"),
            &title,
            &Message::Ping { token },
        ));
        vectors.push(vector(
            &format!("pong-{token}"),
            &title,
            &Message::Pong { token },
        ));
    }
    vectors.extend(drains());
    vectors
}

fn drains() -> [Vector; 3] {
    let longest = format!("unix:///{}", "x".repeat(255 - 8));
    let drain = |milliseconds, routes: &[&str]| Message::Drain {
        milliseconds,
        routes: routes.iter().map(|route| route.parse().unwrap()).collect(),
    };
    [
        vector(
            "drain",
            "in ten seconds; come back later",
            &drain(10_000, &[]),
        ),
        vector(
            "drain-elsewhere",
            "at once; another router is there",
            &drain(0, &["tls://192.0.2.2:6000"]),
        ),
        vector(
            "drain-largest",
            "everything at its bound",
            &drain(u64::MAX, &[longest.as_str(); 8]),
        ),
    ]
}
