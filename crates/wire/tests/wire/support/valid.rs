//! Messages that every implementation must read, and write in exactly these bytes.

use tuyau_wire::{
    Hello, MAX_AGENT, MAX_CAPABILITIES, MAX_CAPABILITY, MAX_REJECT_TEXT, Message, Record,
    RejectCode, Role, Signed, Withdrawal,
};

use super::{Expect, Vector, keys};

/// When the records of the vectors expire: in the year 2030.
const EXPIRES: u64 = 1_900_000_000;

pub fn vectors() -> Vec<Vector> {
    [
        hellos(),
        statements(),
        bad_signatures(),
        bodies(),
        lookups(),
        answers(),
    ]
    .concat()
}

fn vector(name: &str, title: &str, message: &Message<'_>) -> Vector {
    with_expect(name, title, message, Expect::Valid)
}

fn with_expect(name: &str, title: &str, message: &Message<'_>, expect: Expect) -> Vector {
    let title = format!("{}: {title}", message.name());
    Vector {
        folder: "message",
        name: name.into(),
        title,
        expect,
        bytes: message.encode(),
    }
}

fn hellos() -> Vec<Vector> {
    let service = Hello::new(Role::Service, "tuyau/0.1.0").unwrap();
    let router = Hello::new(Role::Router, "tuyau/0.1.0")
        .and_then(|hello| hello.with_capability("handles"))
        .and_then(|hello| hello.with_capability("group"))
        .and_then(|hello| hello.with_max_frame(65_536))
        .unwrap();
    let mut largest = Hello::new(Role::Service, &"~".repeat(MAX_AGENT))
        .unwrap()
        .with_max_frame(u64::MAX)
        .unwrap();
    for number in 0..MAX_CAPABILITIES {
        let name = format!("{number:02}{}", "x".repeat(MAX_CAPABILITY - 2));
        largest = largest.with_capability(&name).unwrap();
    }
    vec![
        vector(
            "hello-service",
            "a service without capabilities",
            &Message::Hello(service),
        ),
        vector(
            "hello-router",
            "a router with two, sorted",
            &Message::Hello(router),
        ),
        vector(
            "hello-largest",
            "every list and text at its bound",
            &Message::Hello(largest),
        ),
    ]
}

fn record(sequence: u64, routes: &[&str]) -> Record {
    let routes = routes.iter().map(|route| route.parse().unwrap()).collect();
    Record {
        identity: keys::alice().identity(),
        sequence,
        routes,
        expires: EXPIRES,
    }
}

fn statements() -> Vec<Vector> {
    let sign = |record| Signed::sign(&keys::alice(), record).unwrap();
    let one = sign(record(1, &["tls://127.0.0.1:6001"]));
    let many = sign(record(
        300,
        &[
            "tls://[2001:db8::1]:6001",
            "tls://192.0.2.1:6001",
            "tls://service.example:6001",
            "tcp://127.0.0.1:80",
            "unix:///run/service.sock",
            "mem://service",
            "tls://localhost:65535",
            "tls://127.0.0.1:1",
        ],
    ));
    let longest = format!("unix:///{}", "x".repeat(255 - 8));
    let largest = sign(record(u64::MAX, &[longest.as_str(); 8]));
    let withdrawal = Withdrawal {
        identity: keys::alice().identity(),
        sequence: 2,
    };
    let withdrawal = Signed::sign(&keys::alice(), withdrawal).unwrap();
    let listen = |request, record| Message::Listen { request, record };
    vec![
        vector("listen-one-route", "one route", &listen(1, one)),
        vector(
            "listen-eight-routes",
            "as many routes as there may be",
            &listen(24, many),
        ),
        vector(
            "listen-largest",
            "every route at its bound",
            &listen(u64::MAX, largest),
        ),
        vector(
            "unlisten",
            "what takes the record back",
            &Message::Unlisten {
                request: 2,
                withdrawal,
            },
        ),
    ]
}

/// Statements that decode and must not be believed.
fn bad_signatures() -> Vec<Vector> {
    let good = Signed::sign(&keys::alice(), record(1, &["tls://127.0.0.1:6001"])).unwrap();
    let newer = Signed::sign(&keys::alice(), record(2, &["tls://127.0.0.1:6001"])).unwrap();
    let bobs = Record {
        identity: keys::bob().identity(),
        ..good.claims().clone()
    };
    let bobs = Signed::sign(&keys::bob(), bobs).unwrap();
    let withdrawal = Withdrawal {
        identity: keys::alice().identity(),
        sequence: 2,
    };
    let withdrawal = Signed::sign(&keys::alice(), withdrawal).unwrap();
    let mut flipped = *good.signature();
    flipped[63] ^= 0x01;
    let listen = |name: &str, title: &str, signature: &[u8; 64]| {
        let record = Signed::from_parts(good.bytes(), *signature).unwrap();
        let message = Message::Listen { request: 1, record };
        with_expect(name, title, &message, Expect::BadSignature)
    };
    vec![
        listen(
            "listen-flipped-bit",
            "one bit of the signature differs",
            &flipped,
        ),
        listen("listen-zero-signature", "a signature of zeros", &[0; 64]),
        listen(
            "listen-other-record",
            "the signature of a newer record",
            newer.signature(),
        ),
        listen(
            "listen-other-key",
            "the signature of another key",
            bobs.signature(),
        ),
        listen(
            "listen-other-kind",
            "the signature of a withdrawal",
            withdrawal.signature(),
        ),
    ]
}

fn bodies() -> Vec<Vector> {
    let (to, from) = (keys::bob().identity(), keys::alice().identity());
    let long: Vec<u8> = (0..=255).collect();
    let send = |request, body| Message::Send { request, to, body };
    let deliver = |request, body| Message::Deliver {
        from,
        request,
        body,
    };
    let router = keys::router().identity();
    vec![
        vector("send-empty", "a body of no bytes", &send(3, b"")),
        vector(
            "send-text",
            "a body that happens to be text",
            &send(4, b"hi there"),
        ),
        vector(
            "send-256",
            "a body whose length takes two bytes",
            &send(5, &long),
        ),
        vector(
            "deliver-text",
            "what send-text becomes",
            &deliver(4, b"hi there"),
        ),
        vector(
            "deliver-last",
            "the last request number",
            &deliver(u64::MAX, b"\x00"),
        ),
        vector(
            "deliver-router",
            "from the router itself",
            &Message::Deliver {
                from: router,
                request: 1,
                body: b"hi there",
            },
        ),
    ]
}

fn lookups() -> Vec<Vector> {
    let good = Signed::sign(&keys::alice(), record(1, &["tls://127.0.0.1:6001"])).unwrap();
    let forged = Signed::from_parts(good.bytes(), [0; 64]).unwrap();
    let longest = format!("unix:///{}", "x".repeat(255 - 8));
    let largest = Signed::sign(&keys::alice(), record(u64::MAX, &[longest.as_str(); 8])).unwrap();
    let identity = keys::alice().identity();
    let found = |request, record| Message::Found { request, record };
    vec![
        vector(
            "lookup",
            "where is alice",
            &Message::Lookup {
                request: 6,
                identity,
            },
        ),
        vector(
            "lookup-last",
            "the last request number",
            &Message::Lookup {
                request: u64::MAX,
                identity,
            },
        ),
        vector("found", "what answers lookup", &found(6, good)),
        vector(
            "found-largest",
            "every route at its bound",
            &found(u64::MAX, largest),
        ),
        with_expect(
            "found-zero-signature",
            "a record that alice did not sign",
            &found(6, forged),
            Expect::BadSignature,
        ),
    ]
}

fn answers() -> Vec<Vector> {
    let accept = |request: u64| {
        let title = format!("request {request}");
        vector(
            &format!("accept-{request}"),
            &title,
            &Message::Accept { request },
        )
    };
    let edges = [
        0,
        23,
        24,
        255,
        256,
        65_535,
        65_536,
        4_294_967_295,
        4_294_967_296,
        u64::MAX,
    ];
    let longest = "x".repeat(MAX_REJECT_TEXT);
    let reject = |name: &str, title: &str, request, code, text: &str| {
        vector(
            name,
            title,
            &Message::Reject {
                request,
                code,
                text,
            },
        )
    };
    let (unknown, internal) = (RejectCode::from_u64(1_000), RejectCode::Internal);
    let mut vectors: Vec<_> = edges.into_iter().map(accept).collect();
    vectors.extend([
        reject(
            "reject-request",
            "one request",
            Some(4),
            RejectCode::Unreachable,
            "not here",
        ),
        reject(
            "reject-session",
            "the session",
            None,
            RejectCode::ShuttingDown,
            "back soon",
        ),
        reject(
            "reject-unknown-code",
            "a code of the future",
            Some(1),
            unknown,
            "?",
        ),
        reject("reject-no-text", "an empty text", Some(1), internal, ""),
        reject(
            "reject-longest",
            "the longest text",
            Some(1),
            internal,
            &longest,
        ),
        reject(
            "reject-utf-8",
            "a text that is not ASCII",
            Some(1),
            internal,
            "désolé ☂",
        ),
    ]);
    vectors
}
