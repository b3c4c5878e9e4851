use std::sync::Arc;

use super::*;
use crate::{Timestamp, store::Recipients};

const EDGE: Id = Id::new([1; 32]);
const CORE: Id = Id::new([2; 32]);

fn parcel(sequence: u64) -> Parcel {
    let message = Message {
        recipients: Recipients::One(Id::new([9; 32])),
        group: None,
        sender: Id::new([8; 32]),
        epoch: 1,
        sequence,
        expires: Timestamp::from_millis(1000),
        body: Arc::from(*b"body"),
    };
    let (durable, epoch) = (true, 3);
    Parcel {
        message,
        durable,
        epoch,
    }
}

#[test]
fn parcels_arrive_in_order_and_are_settled_by_the_answer() {
    let network = MemoryNetwork::new(8);
    let (mut edge, mut core) = (network.join(EDGE), network.join(CORE));
    let numbers: Vec<_> = (1..=3)
        .map(|sequence| edge.forward(CORE, parcel(sequence)).unwrap())
        .collect();
    let arrivals = core.arrivals(10);
    let came: Vec<_> = arrivals
        .iter()
        .map(|arrival| (arrival.from, arrival.number))
        .collect();
    assert_eq!(
        came,
        numbers
            .iter()
            .map(|number| (EDGE, *number))
            .collect::<Vec<_>>()
    );
    assert_eq!(arrivals[1].parcel, parcel(2));
    assert!(edge.settled(10).is_empty());
    core.answer(&arrivals[1], Verdict::Moved);
    core.answer(&arrivals[1], Verdict::Taken);
    let (number, verdict) = (numbers[1], Verdict::Moved);
    assert_eq!(edge.settled(10), [Settled { number, verdict }]);
}

#[test]
fn a_router_that_is_not_there_is_unreachable_at_once() {
    let network = MemoryNetwork::new(8);
    let mut edge = network.join(EDGE);
    let error = edge.forward(CORE, parcel(1)).unwrap_err();
    assert_eq!(error.kind(), ForwardErrorKind::Unreachable);
    assert!(
        error.to_string().starts_with("there is no way to"),
        "{error}"
    );
}

#[test]
fn only_so_much_is_under_way_until_it_is_settled() {
    let network = MemoryNetwork::new(1);
    let (mut edge, mut core) = (network.join(EDGE), network.join(CORE));
    edge.forward(CORE, parcel(1)).unwrap();
    let error = edge.forward(CORE, parcel(2)).unwrap_err();
    assert_eq!(error.kind(), ForwardErrorKind::Busy);
    let arrivals = core.arrivals(10);
    core.answer(&arrivals[0], Verdict::Taken);
    edge.forward(CORE, parcel(2)).unwrap();
}

#[test]
fn what_was_under_way_to_a_router_that_leaves_is_unknown() {
    let network = MemoryNetwork::new(8);
    let (mut edge, mut core) = (network.join(EDGE), network.join(CORE));
    let number = edge.forward(CORE, parcel(1)).unwrap();
    let arrivals = core.arrivals(1);
    drop(core);
    let verdict = Verdict::Unknown;
    assert_eq!(edge.settled(10), [Settled { number, verdict }]);
    // Its successor answers for nothing that it did not get.
    let mut core = network.join(CORE);
    core.answer(&arrivals[0], Verdict::Taken);
    assert!(edge.settled(10).is_empty() && core.arrivals(1).is_empty());
}

#[test]
fn a_router_that_joins_again_takes_the_place_of_the_older_one() {
    let network = MemoryNetwork::new(8);
    let mut old = network.join(EDGE);
    let (mut new, mut core) = (network.join(EDGE), network.join(CORE));
    assert!(old.forward(CORE, parcel(1)).is_err());
    drop(old);
    new.forward(CORE, parcel(2)).unwrap();
    assert_eq!(core.arrivals(10).len(), 1);
}
