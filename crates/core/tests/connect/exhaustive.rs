//! Law 11: the race in virtual time, against an oracle: every combination of a few candidates, and
//! many of up to thirty-two.

use proptest::{
    collection::vec,
    prop_assert_eq, prop_oneof, proptest,
    strategy::{Just, Strategy as Generate},
};
use tuyau_core::{ConnectErrorKind, Outcome, Report, Strategy, Target};

use crate::{
    model::{Ending, Rank, Rules, ending},
    world::{Clock, Place, Trickles, WIRE, ms, registry},
};

/// Runs a race, checks what holds for every race, and gives how it ended.
fn race(ranks: &[Rank], rules: Rules) -> Ending {
    let clock = Clock::default();
    let (mut registry, protocol) = registry(&clock);
    for (rank, answers) in ranks.iter().enumerate() {
        let resolver = Trickles(clock.clone(), answers.clone());
        registry.resolver(WIRE, rank as u16, resolver);
    }
    let context = registry.freeze(clock.clone());
    let (stagger, limit) = (ms(rules.stagger), rules.limit);
    let strategy = Strategy::Race { stagger, limit };
    let connect = context.connect(Target::name("x")).strategy(strategy);
    let result = clock.run(connect.deadline(ms(rules.deadline)).open());
    let running = *protocol.running.lock().unwrap();
    assert_eq!(running, 0, "an attempt is left running");
    let (won, report) = match &result {
        Ok(connected) => (connected.flow.info::<u32>().copied(), &connected.report),
        Err(error) => {
            let late = error.kind() == ConnectErrorKind::TimedOut;
            assert_eq!(late, error.report().took == ms(rules.deadline));
            (None, error.report())
        }
    };
    every_attempt_is_told(report, won.is_some());
    let attempts = report.attempts.iter().filter(|it| it.protocol.is_some());
    Ending {
        won,
        at: report.took.as_millis() as u64,
        starts: attempts.map(|it| it.started.as_millis() as u64).collect(),
    }
}

/// Each row says what its place does, and at most one won.
fn every_attempt_is_told(report: &Report, won: bool) {
    let wins = report.attempts.iter();
    let wins = wins.filter(|row| matches!(row.outcome, Outcome::Won));
    assert_eq!(wins.count(), usize::from(won));
    for row in report.attempts.iter().filter(|row| row.protocol.is_some()) {
        let place = row.endpoint.as_deref().unwrap();
        match &row.outcome {
            Outcome::Won => assert!(place.starts_with("Up"), "{row}"),
            Outcome::Failed(_) => assert!(place.starts_with("Down"), "{row}"),
            Outcome::Cancelled => assert!(won, "{row}"),
            Outcome::TimedOut => assert!(!won, "{row}"),
            _ => panic!("{row}"),
        }
        let stopped = place.starts_with("Half") && row.took > ms(1_000);
        assert!(!stopped || row.stage.name() == "shake", "{row}");
    }
}

const RULES: Rules = Rules {
    stagger: 250,
    limit: 8,
    deadline: 10_000,
};

/// What a candidate may do, each at a time that no sum of the others hits.
fn kinds(number: u32) -> [(u64, Place); 7] {
    let odd = u64::from(number) * 2;
    [
        (0, Place::Silent),
        (0, Place::Half(31)),
        (0, Place::Up(11 + odd, number)),
        (0, Place::Up(703 + odd, number)),
        (0, Place::Down(5)),
        (0, Place::Down(410 + odd)),
        (120, Place::Up(21 + odd, number)),
    ]
}

/// Answers of one resolver come in its order: none before those that stand in front of it.
fn in_order(mut rank: Rank) -> Rank {
    let mut last = 0;
    for (after, _) in &mut rank {
        last = last.max(*after);
        *after = last;
    }
    rank
}

#[test]
fn law_11_every_combination_of_two_to_four_candidates() {
    for count in 2..=4_u32 {
        for code in 0..7_usize.pow(count) {
            let pick = |place: u32| kinds(place)[code / 7_usize.pow(place) % 7];
            let rank = in_order((0..count).map(pick).collect());
            let expected = ending(std::slice::from_ref(&rank), RULES);
            assert_eq!(
                race(std::slice::from_ref(&rank), RULES),
                expected,
                "{rank:?}"
            );
        }
    }
}

#[test]
fn law_11_each_number_of_candidates_up_to_thirty_two() {
    for count in 2..=32_usize {
        for last in [Place::Up(17, 99), Place::Down(3), Place::Silent] {
            for others in [
                Place::Silent,
                Place::Half(40),
                Place::Down(7),
                Place::Down(90),
            ] {
                let mut rank = vec![(0, others); count - 1];
                rank.push((0, last));
                let expected = ending(std::slice::from_ref(&rank), RULES);
                assert_eq!(
                    race(std::slice::from_ref(&rank), RULES),
                    expected,
                    "{rank:?}"
                );
            }
        }
    }
}

fn place() -> impl Generate<Value = Place> {
    prop_oneof![
        Just(Place::Silent),
        (0..200_u64).prop_map(Place::Half),
        (0..3_000_u64).prop_map(Place::Down),
        (0..3_000_u64).prop_map(|after| Place::Up(after, after as u32)),
    ]
}

proptest! {
    /// No attempt is lost, started twice, or left running after the winner.
    #[test]
    fn law_11_any_race_ends_as_the_oracle_says(
        ranks in vec(vec((0..600_u64, place()), 0..12), 1..4),
        stagger in 10..2_000_u64,
        limit in 2..9_usize,
        deadline in 1..20_000_u64,
    ) {
        let ranks: Vec<Rank> = ranks.into_iter().map(in_order).collect();
        let rules = Rules { stagger, limit, deadline };
        let (expected, found) = (ending(&ranks, rules), race(&ranks, rules));
        // Which of two that happen in the same millisecond comes first is open.
        if expected.at != found.at || expected.won.is_none() {
            prop_assert_eq!(expected, found);
        } else {
            prop_assert_eq!(expected.starts, found.starts);
        }
    }
}
