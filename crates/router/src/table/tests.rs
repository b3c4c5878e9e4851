use super::*;
use std::time::Duration;
use tuyau_wire::SecretKey;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn route(port: u16) -> Address {
    format!("tls://192.0.2.1:{port}").parse().unwrap()
}

fn record(seed: u8, sequence: u64, port: u16) -> Verified<Record> {
    let identity = key(seed).identity();
    let record = Record {
        identity,
        sequence,
        routes: vec![route(port)],
        expires: 1000,
    };
    Signed::sign(&key(seed), record).unwrap().verify().unwrap()
}

fn withdrawal(seed: u8, sequence: u64) -> Verified<Withdrawal> {
    let identity = key(seed).identity();
    Signed::sign(&key(seed), Withdrawal { identity, sequence })
        .unwrap()
        .verify()
        .unwrap()
}

fn register(table: &mut Table, record: Verified<Record>, now: u64) -> Result<bool, Refusal> {
    table.register(record, Source::Registered, at(now), 100)
}

#[test]
fn a_newer_record_replaces_the_older() {
    let mut table = Table::default();
    assert_eq!(register(&mut table, record(1, 5, 1), 10), Ok(true));
    assert_eq!(register(&mut table, record(1, 6, 2), 20), Ok(true));
    assert_eq!(
        register(&mut table, record(1, 6, 3), 30),
        Err(Refusal::Stale { known: 6 })
    );
    assert_eq!(
        register(&mut table, record(1, 5, 1), 30),
        Err(Refusal::Stale { known: 6 })
    );
    let row = table.get(&key(1).identity()).unwrap();
    assert_eq!(
        (row.routes, row.since, table.len()),
        (&[route(2)][..], at(20), 1)
    );
}

#[test]
fn the_same_record_is_accepted_again_and_a_renewal_keeps_its_age() {
    let mut table = Table::default();
    register(&mut table, record(1, 5, 1), 10).unwrap();
    assert_eq!(register(&mut table, record(1, 5, 1), 20), Ok(false));
    assert_eq!(register(&mut table, record(1, 6, 1), 30), Ok(false));
    assert_eq!(table.get(&key(1).identity()).unwrap().since, at(10));
}

#[test]
fn a_withdrawn_record_does_not_come_back() {
    let mut table = Table::default();
    register(&mut table, record(1, 5, 1), 10).unwrap();
    assert_eq!(
        table.withdraw(&withdrawal(1, 5)),
        Err(Refusal::Stale { known: 5 })
    );
    assert_eq!(table.withdraw(&withdrawal(1, 6)), Ok(true));
    assert!(table.is_empty());
    assert_eq!(
        register(&mut table, record(1, 5, 1), 20),
        Err(Refusal::Stale { known: 6 })
    );
    assert_eq!(register(&mut table, record(1, 7, 1), 20), Ok(true));
    assert_eq!(
        table.withdraw(&withdrawal(2, 1)),
        Ok(false),
        "nothing to take back"
    );
}

#[test]
fn claims_end_and_static_rows_show_again() {
    let mut table = Table::default();
    let identity = key(1).identity();
    table.set_static(&[(identity, vec![route(9)])], at(1));
    register(&mut table, record(1, 5, 1), 10).unwrap();
    assert_eq!(table.get(&identity).unwrap().source, Source::Registered);
    assert_eq!(table.expire(at(999)), []);
    assert_eq!(table.expire(at(1000)), [identity]);
    let row = table.get(&identity).unwrap();
    assert_eq!(
        (row.source, row.since, row.expires),
        (Source::Static, at(1), None)
    );
    table.set_static(&[], at(2));
    assert_eq!(table, Table::default());
}

#[test]
fn static_rows_keep_their_age_while_their_routes_stay() {
    let mut table = Table::default();
    let routes = [
        (key(1).identity(), vec![route(1)]),
        (key(2).identity(), vec![route(2)]),
    ];
    table.set_static(&routes, at(1));
    table.set_static(
        &[routes[0].clone(), (key(2).identity(), vec![route(3)])],
        at(2),
    );
    assert_eq!(table.get(&key(1).identity()).unwrap().since, at(1));
    assert_eq!(table.get(&key(2).identity()).unwrap().since, at(2));
}

#[test]
fn refuses_new_entries_when_full_and_takes_renewals() {
    let mut table = Table::default();
    let mut register = |record| table.register(record, Source::Registered, at(1), 1);
    register(record(1, 1, 1)).unwrap();
    assert_eq!(register(record(2, 1, 1)), Err(Refusal::Full));
    assert_eq!(register(record(1, 2, 2)), Ok(true));
}

#[test]
fn rows_are_sorted_by_identity_and_counted() {
    let mut table = Table::default();
    for seed in 1..=20 {
        register(&mut table, record(seed, 1, 1), 1).unwrap();
    }
    let identities: Vec<_> = table.rows().map(|row| row.identity).collect();
    assert!(identities.is_sorted());
    assert_eq!((identities.len(), table.len()), (20, 20));
    assert_eq!(at(1) + Duration::from_secs(1), at(2));
}

#[test]
fn static_rows_make_no_room_for_more_claims_than_entries() {
    let mut table = Table::default();
    let register = |table: &mut Table, record| {
        let source = Source::Registered;
        table.register(record, source, at(1), 1)
    };
    register(&mut table, record(1, 1, 1)).unwrap();
    table.set_static(&[(key(2).identity(), vec![route(9)])], at(1));
    assert_eq!(
        register(&mut table, record(2, 1, 1)),
        Err(Refusal::Full),
        "a restart would refuse two"
    );
    assert_eq!(register(&mut table, record(1, 2, 2)), Ok(true));
    assert_eq!(table.claims(), 1);
}
