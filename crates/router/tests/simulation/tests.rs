//! What is asked of the simulation, and of what it simulates.

use crate::{
    plan::{Plan, Sabotage},
    seeds,
    world::run,
};

#[test]
fn whatever_fails_nothing_is_invented_doubled_reordered_or_forgotten() {
    seeds::run_all();
}

#[test]
fn a_seed_does_the_same_each_time() {
    for seed in 0..20 {
        let (first, second) = (run(Plan::new(seed), true), run(Plan::new(seed), true));
        let pairs = first.trace.iter().zip(&second.trace);
        for (line, (one, other)) in pairs.enumerate() {
            assert_eq!(one, other, "line {line} of seed {seed}");
        }
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
        assert_eq!(
            run(Plan::new(seed), false).counts,
            first.counts,
            "seed {seed}, untraced"
        );
    }
}

/// The oracle objects to a router that does this wrong now and then.
fn is_noticed(sabotage: Sabotage) {
    let sabotaged = |seed| (seed, run(Plan::sabotaged(seed, sabotage), true));
    let mut noticed = (0..60).map(sabotaged);
    let noticed = noticed.find(|(_, outcome)| !outcome.objections.is_empty());
    let (seed, outcome) = noticed.expect("it is never noticed");
    let without = run(Plan::new(seed), false).objections;
    assert!(without.is_empty(), "{without:?}");
    let report = seeds::report(seed, &outcome);
    assert!(
        report.contains(&format!("TUYAU_SIMULATION_SEED={seed} cargo test")),
        "{report}"
    );
    assert!(report.contains("ORACLE"), "{report}");
}

#[test]
fn a_lost_message_is_noticed() {
    is_noticed(Sabotage::Lose);
}

#[test]
fn a_doubled_message_is_noticed() {
    is_noticed(Sabotage::Double);
}

#[test]
fn messages_out_of_order_are_noticed() {
    is_noticed(Sabotage::Swap);
}

#[test]
fn an_invented_message_is_noticed() {
    is_noticed(Sabotage::Invent);
}

#[test]
fn a_changed_message_is_noticed() {
    is_noticed(Sabotage::Change);
}

#[test]
fn a_message_that_comes_again_without_a_mark_is_noticed() {
    is_noticed(Sabotage::Unmark);
}

#[test]
fn a_lost_receipt_is_noticed() {
    is_noticed(Sabotage::Silence);
}

#[test]
fn a_doubled_receipt_is_noticed() {
    is_noticed(Sabotage::Repeat);
}
