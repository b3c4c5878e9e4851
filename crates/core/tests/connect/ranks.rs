//! Law 4 and law 5: ranks, stagger, and the end of what lost.

use tuyau_core::{ConnectErrorKind, Outcome, Strategy, Target};

use crate::world::{Clock, Place, Says, WIRE, ms, registry};

fn connect(ranks: &[(u16, Vec<Place>)]) -> (Result<u32, ConnectErrorKind>, u128, i32) {
    let clock = Clock::default();
    let (mut registry, protocol) = registry(&clock);
    for (rank, places) in ranks {
        registry.resolver(WIRE, *rank, Says(Ok(places.clone())));
    }
    let context = registry.freeze(clock.clone());
    let result = clock.run(
        context
            .connect(Target::name("x"))
            .deadline(ms(60_000))
            .open(),
    );
    let running = *protocol.running.lock().unwrap();
    match result {
        Ok(connected) => {
            let number = *connected.flow.info::<u32>().unwrap();
            (Ok(number), connected.report.took.as_millis(), running)
        }
        Err(error) => (Err(error.kind()), error.report().took.as_millis(), running),
    }
}

#[test]
fn law_4_a_black_hole_costs_one_stagger() {
    let places = vec![Place::Silent, Place::Up(20, 1)];
    assert_eq!(connect(&[(0, places)]), (Ok(1), 270, 0));
}

#[test]
fn law_4_a_failure_starts_the_next_attempt_at_once() {
    let places = vec![Place::Down(5), Place::Down(5), Place::Up(5, 1)];
    assert_eq!(connect(&[(0, places)]), (Ok(1), 15, 0));
}

#[test]
fn law_4_a_later_rank_waits_until_the_former_is_exhausted() {
    let (slow, fast) = (vec![Place::Down(1_000)], vec![Place::Up(1, 2)]);
    assert_eq!(connect(&[(1, fast.clone()), (0, slow)]), (Ok(2), 1_001, 0));
    assert_eq!(
        connect(&[(1, fast), (0, vec![Place::Up(500, 1)])]),
        (Ok(1), 500, 0)
    );
}

#[test]
fn law_5_what_lost_is_dropped() {
    let places = vec![Place::Up(900, 1), Place::Up(900, 2), Place::Up(10, 3)];
    assert_eq!(connect(&[(0, places)]), (Ok(3), 510, 0));
}

#[test]
fn law_5_nothing_is_started_beside_an_attempt_that_has_just_won() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Up(250, 1), Place::Silent])));
    let context = registry.freeze(clock.clone());
    let connected = clock.run(context.connect(Target::name("x")).open());
    assert_eq!(connected.unwrap().report.attempts.len(), 1);
}

#[test]
fn gives_up_at_the_deadline_and_when_everything_failed() {
    assert_eq!(
        connect(&[(0, vec![Place::Silent])]),
        (Err(ConnectErrorKind::TimedOut), 60_000, 0)
    );
    assert_eq!(
        connect(&[(0, vec![Place::Down(1)])]),
        (Err(ConnectErrorKind::AllFailed), 1, 0)
    );
    assert_eq!(
        connect(&[(0, vec![])]),
        (Err(ConnectErrorKind::NothingResolved), 0, 0)
    );
    assert_eq!(connect(&[]), (Err(ConnectErrorKind::NothingResolved), 0, 0));
}

#[test]
fn law_4_attempts_one_at_a_time_when_told() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Down(5_000), Place::Up(1, 1)])));
    let context = registry.freeze(clock.clone());
    let connect = context
        .connect(Target::name("x"))
        .strategy(Strategy::Sequential);
    let connected = clock.run(connect.open()).unwrap();
    assert_eq!(connected.report.took, ms(5_001));
}

#[test]
fn law_5_dropping_a_connect_drops_its_attempts() {
    let clock = Clock::default();
    let (mut registry, protocol) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Silent])));
    let context = registry.freeze(clock.clone());
    let mut open = Box::pin(context.connect(Target::name("x")).open());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(open.as_mut().poll(&mut cx).is_pending());
    assert_eq!(*protocol.running.lock().unwrap(), 1);
    drop(open);
    assert_eq!(*protocol.running.lock().unwrap(), 0);
}

#[test]
fn a_resolver_that_fails_leaves_the_others_their_chance() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Err("no such name")));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Up(1, 7)])));
    let context = registry.freeze(clock.clone());
    let connected = clock
        .run(context.connect(Target::name("x")).open())
        .unwrap();
    assert!(matches!(
        connected.report.attempts[0].outcome,
        Outcome::Failed(_)
    ));
}
