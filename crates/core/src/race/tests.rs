use super::*;
use alloc::vec;
use proptest::{prop_assert, prop_assert_eq, proptest};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn race(ranks: &[u16]) -> Race {
    Race::new(ranks.iter().copied(), Strategy::default(), None)
}

/// A race whose only resolver has found two endpoints.
fn racing(stagger: Duration, limit: usize) -> Race {
    let strategy = Strategy::Race { stagger, limit };
    let mut race = Race::new([0].into_iter(), strategy, None);
    assert_eq!(race.step(MS(0)), Step::Resolve(0));
    race.found();
    race.found();
    race.resolved(0);
    race
}

/// All steps up to the next wait or end.
fn steps(race: &mut Race, now: Duration) -> Vec<Step> {
    let mut steps = vec![];
    loop {
        let step = race.step(now);
        steps.push(step);
        if matches!(step, Step::Wait(_) | Step::Exhausted | Step::TimedOut) {
            return steps;
        }
    }
}

#[test]
fn starts_the_next_attempt_after_the_stagger() {
    let mut race = race(&[0]);
    assert_eq!(
        steps(&mut race, MS(0)),
        [Step::Resolve(0), Step::Wait(None)]
    );
    race.found();
    race.found();
    assert_eq!(
        steps(&mut race, MS(5)),
        [Step::Attempt(0), Step::Wait(Some(MS(255)))]
    );
    assert_eq!(steps(&mut race, MS(254)), [Step::Wait(Some(MS(255)))]);
    assert_eq!(
        steps(&mut race, MS(255)),
        [Step::Attempt(1), Step::Wait(None)]
    );
}

#[test]
fn starts_the_next_attempt_at_once_when_one_fails() {
    let mut race = race(&[0]);
    race.step(MS(0));
    race.found();
    race.found();
    race.resolved(0);
    assert_eq!(race.step(MS(0)), Step::Attempt(0));
    race.failed();
    assert_eq!(race.step(MS(1)), Step::Attempt(1));
    race.failed();
    assert_eq!(race.step(MS(2)), Step::Exhausted);
}

#[test]
fn starts_the_next_attempt_at_once_when_one_of_several_fails() {
    let mut race = racing(MS(250), 8);
    race.found();
    assert_eq!(race.step(MS(0)), Step::Attempt(0));
    assert_eq!(race.step(MS(250)), Step::Attempt(1));
    assert_eq!(race.step(MS(251)), Step::Wait(Some(MS(500))));
    race.failed();
    assert_eq!(
        steps(&mut race, MS(252)),
        [Step::Attempt(2), Step::Wait(None)]
    );
}

#[test]
fn does_not_start_a_later_rank_before_the_former_is_exhausted() {
    let mut race = race(&[1, 0, 0]);
    assert_eq!(
        steps(&mut race, MS(0)),
        [Step::Resolve(1), Step::Resolve(2), Step::Wait(None)]
    );
    race.resolved(1);
    race.found();
    assert_eq!(
        steps(&mut race, MS(0)),
        [Step::Attempt(0), Step::Wait(None)]
    );
    race.resolved(2);
    assert_eq!(steps(&mut race, MS(9_000)), [Step::Wait(None)]);
    race.failed();
    assert_eq!(
        steps(&mut race, MS(9_001)),
        [Step::Resolve(0), Step::Wait(None)]
    );
    race.resolved(0);
    assert_eq!(steps(&mut race, MS(9_001)), [Step::Exhausted]);
}

#[test]
fn ends_at_the_deadline() {
    let mut race = Race::new([0].into_iter(), Strategy::default(), Some(MS(100)));
    assert_eq!(
        steps(&mut race, MS(0)),
        [Step::Resolve(0), Step::Wait(Some(MS(100)))]
    );
    assert_eq!(race.step(MS(100)), Step::TimedOut);
}

#[test]
fn runs_one_at_a_time_when_sequential() {
    let mut race = Race::new([0].into_iter(), Strategy::Sequential, None);
    race.step(MS(0));
    race.found();
    race.found();
    assert_eq!(
        steps(&mut race, MS(0)),
        [Step::Attempt(0), Step::Wait(None)]
    );
    assert_eq!(steps(&mut race, MS(60_000)), [Step::Wait(None)]);
    race.failed();
    assert_eq!(race.step(MS(60_000)), Step::Attempt(1));
}

/// Law 4: the bounds of a race hold, whatever the caller asks for.
#[test]
fn law_4_a_stagger_is_brought_between_ten_milliseconds_and_two_seconds() {
    for (asked, kept) in [
        (MS(0), MS(10)),
        (MS(9), MS(10)),
        (MS(11), MS(11)),
        (MS(1_999), MS(1_999)),
        (MS(3_600_000), MS(2_000)),
    ] {
        let mut race = racing(asked, 8);
        let wait = Step::Wait(Some(kept));
        assert_eq!(steps(&mut race, MS(0)), [Step::Attempt(0), wait]);
        assert_eq!(steps(&mut race, kept - MS(1)), [wait]);
        assert_eq!(
            steps(&mut race, kept),
            [Step::Attempt(1), Step::Wait(None)],
            "{asked:?}"
        );
    }
}

/// Law 4.
#[test]
fn law_4_a_limit_of_none_is_a_limit_of_one() {
    for limit in [0, 1] {
        let mut race = racing(MS(250), limit);
        assert_eq!(
            steps(&mut race, MS(0)),
            [Step::Attempt(0), Step::Wait(None)]
        );
        assert_eq!(steps(&mut race, MS(9_000)), [Step::Wait(None)]);
        race.failed();
        assert_eq!(
            steps(&mut race, MS(9_000)),
            [Step::Attempt(1), Step::Wait(None)]
        );
        race.failed();
        assert_eq!(steps(&mut race, MS(9_000)), [Step::Exhausted]);
    }
}

#[test]
fn has_nothing_to_do_without_resolvers() {
    assert_eq!(race(&[]).step(MS(0)), Step::Exhausted);
}

proptest! {
    /// Law 11: events and the time go in. However they fall, no attempt is lost or started twice, and
    /// the limit holds.
    #[test]
    fn attempts_each_candidate_once(
        ranks in proptest::collection::vec(0u16..3, 1..6),
        events in proptest::collection::vec((0u8..4, 0u64..400), 0..200),
        limit in 1usize..5,
    ) {
        let strategy = Strategy::Race { stagger: MS(250), limit };
        let mut race = Race::new(ranks.iter().copied(), strategy, None);
        let (mut now, mut found, mut running) = (0, 0, 0usize);
        let (mut attempted, mut resolving) = (vec![], vec![]);
        let mut exhausted = false;
        let drain = events.into_iter().map(Some).chain(core::iter::repeat_n(None, 500));
        for event in drain {
            let (kind, time) = event.unwrap_or((if running > 0 { 2 } else { 1 }, 400));
            now += time;
            match kind {
                0 if !resolving.is_empty() && found < 32 => { race.found(); found += 1; }
                1 => if let Some(resolver) = resolving.pop() { race.resolved(resolver) },
                2 if running > 0 => { running -= 1; race.failed(); }
                _ => {}
            }
            for step in steps(&mut race, MS(now)) {
                match step {
                    Step::Attempt(candidate) => { attempted.push(candidate); running += 1; }
                    Step::Resolve(resolver) => resolving.push(resolver),
                    Step::Exhausted => exhausted = true,
                    Step::Wait(_) | Step::TimedOut => {}
                }
            }
            prop_assert!(running <= limit);
        }
        prop_assert!(exhausted);
        prop_assert_eq!(attempted, (0..found).collect::<Vec<_>>());
    }
}
