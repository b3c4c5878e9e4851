//! What an identity signs about itself, with good signatures and with bad ones.

use tuyau_wire::{Message, Record, Signed, Withdrawal};

use super::{Expect, Vector, keys, vector, with_expect};

/// When the records of the vectors expire: in the year 2030.
pub const EXPIRES: u64 = 1_900_000_000;

pub fn vectors() -> Vec<Vector> {
    [good(), bad()].concat()
}

fn unsigned(sequence: u64, routes: &[&str]) -> Record {
    let routes = routes.iter().map(|route| route.parse().unwrap()).collect();
    Record {
        identity: keys::alice().identity(),
        sequence,
        routes,
        expires: EXPIRES,
    }
}

/// A record of alice with one route.
pub fn record(sequence: u64) -> Signed<Record> {
    sign(unsigned(sequence, &["tls://127.0.0.1:6001"]))
}

/// A record with every number, list and text at its bound.
pub fn largest() -> Signed<Record> {
    let longest = format!("unix:///{}", "x".repeat(255 - 8));
    sign(Record {
        expires: u64::MAX,
        ..unsigned(u64::MAX, &[longest.as_str(); 8])
    })
}

fn sign(record: Record) -> Signed<Record> {
    Signed::sign(&keys::alice(), record).unwrap()
}

fn withdrawal() -> Signed<Withdrawal> {
    let withdrawal = Withdrawal {
        identity: keys::alice().identity(),
        sequence: 2,
    };
    Signed::sign(&keys::alice(), withdrawal).unwrap()
}

fn good() -> Vec<Vector> {
    let many = sign(unsigned(
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
    let listen = |sequence, record| Message::Listen { sequence, record };
    vec![
        vector("listen-one-route", "one route", &listen(1, record(1))),
        vector(
            "listen-eight-routes",
            "as many routes as there may be",
            &listen(24, many),
        ),
        vector(
            "listen-largest",
            "everything at its bound",
            &listen(u64::MAX, largest()),
        ),
        vector(
            "unlisten",
            "what takes the record back",
            &Message::Unlisten {
                sequence: 2,
                withdrawal: withdrawal(),
            },
        ),
    ]
}

/// Statements that decode and must not be believed.
fn bad() -> Vec<Vector> {
    let good = record(1);
    let bobs = Record {
        identity: keys::bob().identity(),
        ..good.claims().clone()
    };
    let bobs = Signed::sign(&keys::bob(), bobs).unwrap();
    let mut flipped = *good.signature();
    flipped[63] ^= 0x01;
    let listen = |name: &str, title: &str, signature: &[u8; 64]| {
        let record = Signed::from_parts(good.bytes(), *signature).unwrap();
        let message = Message::Listen {
            sequence: 1,
            record,
        };
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
            record(2).signature(),
        ),
        listen(
            "listen-other-key",
            "the signature of another key",
            bobs.signature(),
        ),
        listen(
            "listen-other-kind",
            "the signature of a withdrawal",
            withdrawal().signature(),
        ),
    ]
}
