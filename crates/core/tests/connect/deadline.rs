//! From when a deadline counts.

use std::{future::Future, pin::pin, time::Duration};

use tuyau_core::{Connect, ConnectErrorKind, Context, Outcome, Target, Timer};

use crate::world::{Clock, Place, Says, Scripted, WIRE, ms, registry};

/// A context with one resolver and one protocol, whose attempts are counted.
fn context(clock: &Clock, places: &[Place]) -> (Context, Scripted) {
    let (mut registry, protocol) = registry(clock);
    registry.resolver(WIRE, 0, Says(Ok(places.to_vec())));
    (registry.freeze(clock.clone()), protocol)
}

fn connect(context: &Context) -> Connect<'_> {
    context.connect(Target::name("x")).deadline(ms(100))
}

/// Lets time pass while nobody polls anything else.
fn pass(clock: &Clock, time: Duration) {
    clock.run(clock.sleep(clock.now() + time));
}

#[test]
fn a_deadline_counts_from_the_call_and_not_from_the_first_poll() {
    let clock = Clock::default();
    let (context, _) = context(&clock, &[Place::Silent]);
    // Preparing a connect is not yet calling it.
    let prepared = connect(&context);
    pass(&clock, ms(1_000));
    let opening = prepared.open();
    pass(&clock, ms(60));
    let error = clock.run(opening).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
    assert_eq!((error.report().took, clock.now()), (ms(100), ms(1_100)));
    let row = &error.report().attempts[0];
    assert_eq!((row.started, row.took), (ms(60), ms(40)));
    assert!(matches!(row.outcome, Outcome::TimedOut));
}

#[test]
fn what_is_polled_after_its_deadline_tries_nothing() {
    let clock = Clock::default();
    let (mut registry, protocol) = registry(&clock);
    let handle = registry.protocol(WIRE, protocol.clone());
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Up(1, 1)])));
    let context = registry.freeze(clock.clone());
    let (opening, planning) = (connect(&context).open(), connect(&context).plan());
    let forced = connect(&context).via(&handle).open();
    pass(&clock, ms(100));
    let errors = [
        clock.run(opening).unwrap_err(),
        clock.run(forced).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
        assert!(error.report().attempts.is_empty(), "{error}");
    }
    assert!(clock.run(planning).attempts.is_empty());
}

#[test]
fn nothing_but_the_clock_begins_before_the_first_poll() {
    let clock = Clock::default();
    let (context, protocol) = context(&clock, &[Place::Up(50, 1)]);
    let mut opening = pin!(connect(&context).open());
    assert_eq!(*protocol.running.lock().unwrap(), 0);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(opening.as_mut().poll(&mut cx).is_pending());
    assert_eq!(*protocol.running.lock().unwrap(), 1);
    assert!(clock.run(opening).is_ok());
}
