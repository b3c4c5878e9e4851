//! Law 11: the race in virtual time, against an oracle: every combination of a few candidates, and
//! many of up to thirty-two.

use proptest::{
    collection::vec,
    prop_assert, prop_assert_eq, prop_oneof, proptest,
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
    let opening = connect.deadline(ms(rules.deadline)).open();
    let (result, running) =
        clock.run_for(usize::MAX, opening, || *protocol.running.lock().unwrap());
    assert_eq!(running, 0, "an attempt is left running");
    let result = result.expect("it has come to its end");
    let (won, report) = match &result {
        Ok(connected) => (connected.flow.info::<u32>().copied(), &connected.report),
        Err(error) => {
            let late = error.kind() == ConnectErrorKind::TimedOut;
            assert_eq!(late, error.report().took == ms(rules.deadline));
            (None, error.report())
        }
    };
    every_attempt_is_told(report, won.is_some());
    let begun = protocol.begun().into_iter().map(|it| (it.at, it.place));
    let starts: Vec<_> = begun.collect();
    let shown = starts.iter().map(|(at, place)| (*at, format!("{place:?}")));
    let shown: Vec<_> = shown.collect();
    assert_eq!(told(report), shown, "the report tells what was attempted");
    Ending {
        won,
        at: report.took.as_millis() as u64,
        starts,
    }
}

/// The attempts of a report: when each began, and its endpoint.
pub(crate) fn told(report: &Report) -> Vec<(u64, String)> {
    let attempts = report.attempts.iter().filter(|row| row.protocol.is_some());
    let told = attempts.map(|row| {
        let endpoint = row.endpoint.as_ref().unwrap().to_string();
        (row.started.as_millis() as u64, endpoint)
    });
    told.collect()
}

/// Each row says what its place does, and at most one won.
fn every_attempt_is_told(report: &Report, won: bool) {
    let wins = report.attempts.iter();
    let wins = wins.filter(|row| matches!(row.outcome, Outcome::Won));
    assert_eq!(wins.count(), usize::from(won));
    for row in report.attempts.iter().filter(|row| row.protocol.is_some()) {
        let place = row.endpoint.as_ref().unwrap().to_string();
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
pub(crate) fn in_order(mut rank: Rank) -> Rank {
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

pub(crate) fn place() -> impl Generate<Value = Place> {
    prop_oneof![
        Just(Place::Silent),
        (0..200_u64).prop_map(Place::Half),
        (0..3_000_u64).prop_map(Place::Down),
        (0..3_000_u64).prop_map(|after| Place::Up(after, after as u32)),
    ]
}

/// The same candidates, each unlike every other one: its time, or its number, is its own.
pub(crate) fn told_apart(ranks: &mut [Rank]) {
    const MOST: u64 = 64;
    let places = ranks.iter_mut().flatten().map(|(_, place)| place);
    for (number, place) in (0..MOST).zip(places) {
        let own = |time: u64| time - time % MOST + number;
        *place = match *place {
            Place::Silent | Place::Mute(_) => Place::Mute(number),
            Place::Half(after) => Place::Half(own(after)),
            Place::Down(after) => Place::Down(own(after)),
            Place::Up(after, _) => Place::Up(own(after), number as u32),
        };
    }
}

proptest! {
    /// Which attempts begin, and when, is what the oracle says: none is lost, none is started twice,
    /// and none after the winner.
    #[test]
    fn law_11_any_race_ends_as_the_oracle_says(
        ranks in vec(vec((0..600_u64, place()), 0..12), 1..4),
        stagger in 10..2_000_u64,
        limit in 2..9_usize,
        deadline in 1..20_000_u64,
    ) {
        let mut ranks: Vec<Rank> = ranks.into_iter().map(in_order).collect();
        told_apart(&mut ranks);
        let rules = Rules { stagger, limit, deadline };
        let (expected, found) = (ending(&ranks, rules), race(&ranks, rules));
        prop_assert_eq!(&expected.starts, &found.starts);
        prop_assert_eq!(expected.at, found.at);
        prop_assert_eq!(expected.won.is_some(), found.won.is_some());
        // Which of two that connect in the same millisecond wins is open.
        if let Some(won) = found.won {
            let connected = found.starts.iter().any(|&(began, place)| {
                matches!(place, Place::Up(after, number) if number == won && began + after == found.at)
            });
            prop_assert!(connected, "{won} won, and did not connect at {}", found.at);
        }
    }
}
