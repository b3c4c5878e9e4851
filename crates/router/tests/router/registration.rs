//! Registrations that are refused, each with its reason, while the session goes on.

use std::time::Duration;

use tuyau_core::Flow;
use tuyau_router::{Timestamp, journal::Event};
use tuyau_wire::{Message, Record, RejectCode, Signed, Withdrawal};

use crate::support::{Peer, TestRouter, key, start, witness::Witness};

/// A router, a peer of it that has registered with sequence number 5, and a witness.
async fn registered() -> (TestRouter, Peer, Witness) {
    let router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let mut peer = router.connect(1).await;
    peer.sequence = 4;
    let record = peer.record("tls://127.0.0.1:9");
    assert_eq!(peer.listen(record).await, None);
    witness.note(&router).await;
    (router, peer, witness)
}

/// The peer is refused a record with this code and text, which the journal has as well, and can
/// register afterwards.
async fn refused(make: impl FnOnce(&mut Peer) -> Signed<Record>, code: RejectCode, text: &str) {
    let (mut router, mut peer, mut witness) = registered().await;
    let record = make(&mut peer);
    let (found, answer) = peer.listen(record).await.expect("the record is refused");
    assert_eq!(found, code, "{answer}");
    assert!(answer.starts_with(text), "{answer}");
    let told = router.rejected(1).await;
    let identity = key(1).identity();
    assert_eq!(
        told,
        format!("rejected a message of {identity}: {code}: {answer}")
    );
    witness.check(&router).await;
    peer.sequence = 5;
    let record = peer.record("tls://127.0.0.1:10");
    assert_eq!(peer.listen(record).await, None);
}

fn with(peer: &mut Peer, change: impl FnOnce(&mut Record)) -> Signed<Record> {
    let mut record = peer.record("tls://127.0.0.1:9").claims().clone();
    change(&mut record);
    Signed::sign(&peer.key, record).unwrap()
}

#[tokio::test]
async fn a_key_that_the_session_did_not_prove_is_refused() {
    let (claimed, proved) = (key(9).identity(), key(1).identity());
    let text = format!(
        "the statement is about {claimed}, but this session proved the key of {proved}; \
         connect with the key that the statement is about"
    );
    let stolen = |peer: &mut Peer| {
        let mut record = peer.record("tls://127.0.0.1:9").claims().clone();
        record.identity = key(9).identity();
        Signed::sign(&key(9), record).unwrap()
    };
    refused(stolen, RejectCode::WrongIdentity, &text).await;
}

#[tokio::test]
async fn a_key_of_another_session_is_not_taken_from_it() {
    let (router, mut peer, mut witness) = registered().await;
    let mut record = peer.record("tls://127.0.0.1:1").claims().clone();
    (record.identity, record.sequence) = (key(202).identity(), 1000);
    let record = Signed::sign(&key(202), record).unwrap();
    let (code, _) = peer.listen(record).await.unwrap();
    assert_eq!(code, RejectCode::WrongIdentity);
    let (identity, sequence) = (key(202).identity(), 1001);
    let withdrawal = Signed::sign(&key(202), Withdrawal { identity, sequence }).unwrap();
    let sequence = peer.next();
    peer.say(&Message::Unlisten {
        sequence,
        withdrawal,
    })
    .await;
    assert_eq!(peer.answer().await.unwrap().0, RejectCode::WrongIdentity);
    witness.check(&router).await;
}

#[tokio::test]
async fn a_bad_signature_is_refused() {
    let forged = |peer: &mut Peer| {
        let record = peer.record("tls://127.0.0.1:9");
        let mut signature = *record.signature();
        signature[7] ^= 1;
        Signed::from_parts(record.bytes(), signature).unwrap()
    };
    let text = format!(
        "the signature under the record is not one of {}; \
         sign it with that identity's key, and send the bytes as signed",
        key(1).identity().short()
    );
    refused(forged, RejectCode::BadSignature, &text).await;
}

#[tokio::test]
async fn an_old_sequence_number_is_refused() {
    for sequence in [0, 4, 5] {
        let old = |peer: &mut Peer| {
            with(peer, |record| {
                record.sequence = sequence;
                record.routes = vec!["tls://127.0.0.1:11".parse().unwrap()];
            })
        };
        let text = format!(
            "expected a sequence number greater than 5, found {sequence}; \
             sign the statement anew with a greater one"
        );
        refused(old, RejectCode::StaleSequence, &text).await;
    }
}

#[tokio::test]
async fn an_old_withdrawal_is_refused() {
    let (mut router, mut peer, mut witness) = registered().await;
    peer.sequence = 3;
    let (code, text) = peer.unlisten().await.unwrap();
    assert_eq!(code, RejectCode::StaleSequence);
    assert!(text.contains("greater than 5, found 4"), "{text}");
    assert!(router.rejected(1).await.ends_with(&text));
    witness.check(&router).await;
}

#[tokio::test]
async fn an_expiry_in_the_past_is_refused() {
    let past = |peer: &mut Peer| {
        with(peer, |record| {
            record.expires = Timestamp::now().seconds() - 100;
        })
    };
    let text = "expected an expiry in the future, found one 10";
    refused(past, RejectCode::Expired, text).await;
    let long_ago = |peer: &mut Peer| with(peer, |record| record.expires = 0);
    refused(long_ago, RejectCode::Expired, "expected an expiry in the").await;
}

#[tokio::test]
async fn a_lifetime_that_is_too_long_is_refused() {
    let forever = |peer: &mut Peer| with(peer, |record| record.expires = u64::MAX);
    let text = "expected a lifetime of at most 604800 s, found 1844";
    refused(forever, RejectCode::Expired, text).await;
}

#[tokio::test]
async fn routes_that_a_router_does_not_dial_are_refused() {
    for (route, why) in [
        ("tcp://127.0.0.1:9", "only tls:// routes can be registered"),
        ("unix:///run/x.sock", "only tls:// routes can be registered"),
        ("tls://127.0.0.1", "it needs a host and a port"),
        ("tls://127.0.0.1:0", "it needs a host and a port"),
        ("tls://0.0.0.0:9", "no host can have this address"),
        ("tls://224.0.0.1:9", "no host can have this address"),
    ] {
        let make = |peer: &mut Peer| with(peer, |it| it.routes = vec![route.parse().unwrap()]);
        let text = format!("route {route} is not allowed: {why}");
        refused(make, RejectCode::RouteNotAllowed, &text).await;
    }
}

#[tokio::test]
async fn a_route_that_does_not_parse_is_refused_with_its_place() {
    let (mut router, mut peer, mut witness) = registered().await;
    let record = peer.record("tls://127.0.0.1:9");
    let sequence = peer.next();
    let mut bytes = Vec::new();
    Message::Listen { sequence, record }.encode_frame(&mut bytes);
    // The port becomes letters: `tls://127.0.0.1:9` has the same length as `tls://127.0.0.1:x`.
    let colon = bytes.windows(2).position(|pair| pair == b":9").unwrap();
    bytes[colon + 1] = b'x';
    peer.say_bytes(&bytes).await;
    let (code, text) = peer.answer().await.unwrap();
    assert_eq!(code, RejectCode::BadRoute);
    let expected = ", route: expected an address, found a text that is none: ";
    assert!(
        text.starts_with("byte ") && text.contains(expected),
        "{text}"
    );
    assert!(router.rejected(1).await.ends_with(&text));
    witness.check(&router).await;
}

#[tokio::test]
async fn a_full_table_takes_no_newcomers() {
    let router = start(|settings| settings.limits.routes = 1).await;
    let mut witness = Witness::new(&router).await;
    let mut peer = router.connect(1).await;
    let record = peer.record("tls://127.0.0.1:9");
    let (code, text) = peer.listen(record).await.unwrap();
    assert_eq!(code, RejectCode::Limit);
    assert!(text.contains("limits.routes"), "{text}");
    witness.check(&router).await;
}

#[tokio::test]
async fn of_many_registrations_from_two_sessions_the_newest_wins() {
    const LAST: u64 = 200;
    let mut router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let (processed, _) = router.state().await;
    let mut records: [Vec<_>; 2] = Default::default();
    let mut signer = router.connect(1).await;
    for sequence in 1..=LAST {
        let route = format!("tls://127.0.0.1:{sequence}");
        records[(sequence % 2) as usize].push(signer.record(&route));
    }
    let [first, second] = records;
    let (one, two) = (router.connect(1).await, router.connect(1).await);
    let (first, second) = tokio::join!(register_all(one, first), register_all(two, second));
    witness.talk().await;
    let (after, _) = router.state().await;
    assert_eq!(after, processed + first + second + 1);
    let newest = router.event(|event| match event {
        Event::Registered {
            sequence: LAST,
            routes,
            ..
        } => Some(routes.clone()),
        _ => None,
    });
    let newest = newest.await;
    let rows = router.router.view(0, 10).await.unwrap().rows;
    let row = rows.iter().find(|row| row.identity == key(1).identity());
    assert_eq!(row.unwrap().routes, newest);
    assert_eq!(newest[0].port(), Some(200));
}

/// Registers all records without waiting in between, and gives how many were accepted; the others
/// are stale.
async fn register_all(mut peer: Peer, records: Vec<Signed<Record>>) -> u64 {
    let count = records.len();
    let mut bytes = Vec::new();
    for (sequence, record) in (1..).zip(records) {
        Message::Listen { sequence, record }.encode_frame(&mut bytes);
    }
    peer.say_bytes(&bytes).await;
    let mut accepted = 0;
    for _ in 0..count {
        let answer = peer.hear().await.unwrap();
        match Message::decode(&answer).unwrap() {
            Message::Receipt { first, last, .. } => accepted += last - first + 1,
            Message::Reject { code, .. } => assert_eq!(code, RejectCode::StaleSequence),
            other => panic!("{}", other.name()),
        }
    }
    accepted
}

#[tokio::test]
async fn a_reset_connection_leaves_its_registration() {
    let (mut router, mut peer, mut witness) = registered().await;
    peer.flow.abort();
    let told = router.disconnected(1).await;
    assert!(told.contains("the connection was lost: "), "{told}");
    witness.check(&router).await;
    let rows = router.router.view(0, 10).await.unwrap().rows;
    let row = rows.iter().find(|row| row.identity == key(1).identity());
    assert!(!row.expect("the registration stays").connected);
}

#[tokio::test]
async fn a_lifetime_within_the_limit_is_taken() {
    let router = start(|settings| settings.limits.registration_max = Duration::from_secs(60)).await;
    let mut peer = router.connect(1).await;
    let record = with(&mut peer, |it| it.expires = Timestamp::now().seconds() + 60);
    assert_eq!(peer.listen(record).await, None);
}
