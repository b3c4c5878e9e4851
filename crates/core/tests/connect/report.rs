//! Law 7: every attempt is reported, and a person sees what to fix.

use std::task::Poll;

use tuyau_core::{Address, Answers, ConnectErrorKind, Outcome, Target, from_function};

use crate::world::{Clock, Place, Says, WIRE, Wire, ms, registry};

#[test]
fn law_7_a_failed_connect_prints_every_attempt() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Err("no such name")));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Down(7), Place::Silent])));
    let context = registry.freeze(clock.clone());
    let connect = context
        .connect(Target::name("router").port(6000))
        .deadline(ms(1_000));
    let error = clock.run(connect.open()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\
cannot connect to router:6000: the deadline passed after 1.00 s
  1. 0.0 ms +0.0 ms  resolving  for wire   by says    at resolve:  no such name
  2. 0.0 ms +7.0 ms  Down(7)    over dial  from says  at dial:     it is down
  3. 7.0 ms +993 ms  Silent     over dial  from says  at dial:     the deadline passed"
    );
}

/// The error was there before the deadline, from a resolver that was not done.
#[test]
fn law_7_an_error_of_a_resolver_outlives_the_deadline() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    let half_answered = from_function::<Wire, _>("half", |_| {
        let mut error = Some("no AAAA");
        Some(Answers::from_fn(move |_| match error.take() {
            Some(text) => Poll::Ready(Some(Err(text.into()))),
            None => Poll::Pending,
        }))
    });
    registry.resolver(WIRE, 0, half_answered);
    let context = registry.freeze(clock.clone());
    let connect = context.connect(Target::name("x")).deadline(ms(1000));
    let error = clock.run(connect.open()).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
    assert!(error.to_string().ends_with("no AAAA"), "{error}");
}

#[test]
fn law_7_every_error_of_a_resolver_is_told() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    let two_errors = from_function::<Wire, _>("two", |_| {
        let mut errors = ["no AAAA", "no A"].into_iter();
        Some(Answers::from_fn(move |_| {
            Poll::Ready(errors.next().map(|text| Err(text.into())))
        }))
    });
    registry.resolver(WIRE, 0, two_errors);
    let context = registry.freeze(clock.clone());
    let error = clock.run(context.connect(Target::name("x")).open());
    let text = error.unwrap_err().to_string();
    assert!(text.contains("no AAAA") && text.ends_with("no A"), "{text}");
}

#[test]
fn a_resolver_without_end_is_stopped_and_told() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    let endless = from_function::<Wire, _>("endless", |_| {
        Some(Answers::ready(std::iter::repeat(Place::Down(1))))
    });
    registry.resolver(WIRE, 0, endless);
    let context = registry.freeze(clock.clone());
    let connect = context.connect(Target::name("x"));
    let error = clock.run(connect.deadline(ms(10_000)).open()).unwrap_err();
    let attempts = &error.report().attempts;
    assert_eq!(attempts.len(), 257);
    let text = error.to_string();
    assert!(text.contains("more than 256 answers"), "{text}");
}

#[test]
fn law_7_a_connect_that_worked_has_the_report_too() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Silent, Place::Up(10, 1)])));
    let context = registry.freeze(clock.clone());
    let connected = clock
        .run(context.connect(Target::name("x")).open())
        .unwrap();
    let report = &connected.report;
    let outcomes: Vec<_> = report
        .attempts
        .iter()
        .map(|attempt| &attempt.outcome)
        .collect();
    assert!(
        matches!(outcomes[..], [Outcome::Cancelled, Outcome::Won]),
        "{report}"
    );
    assert_eq!(report.attempts[1].stage.name(), "shake");
    assert_eq!(
        (report.attempts[1].started, report.attempts[1].took),
        (ms(250), ms(10))
    );
}

#[test]
fn law_7_a_plan_connects_to_nothing() {
    let clock = Clock::default();
    let (mut registry, protocol) = registry(&clock);
    registry.resolver(WIRE, 1, Says(Ok(vec![Place::Up(1, 1)])));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Silent, Place::Down(1)])));
    let context = registry.freeze(clock.clone());
    let plan = clock.run(context.connect(Target::name("x")).plan());
    let endpoints: Vec<_> = plan
        .attempts
        .iter()
        .map(|row| row.endpoint.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(endpoints, ["Silent", "Down(1)", "Up(1, 1)"]);
    assert!(
        plan.attempts
            .iter()
            .all(|row| matches!(row.outcome, Outcome::Planned))
    );
    assert_eq!(*protocol.running.lock().unwrap(), 0);
}

#[test]
fn a_target_that_no_resolver_knows_is_said_to_be_so() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Silent])));
    let context = registry.freeze(clock.clone());
    let address: Address = "unknown://x".parse().unwrap();
    let error = clock.run(context.connect(address).open()).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::NothingResolved);
    assert_eq!(
        error.to_string(),
        "cannot connect to unknown://x: no resolver is for such a scheme, or knows such a name"
    );
}
