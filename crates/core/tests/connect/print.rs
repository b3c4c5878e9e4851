//! How a report looks to a person who reads "cannot connect".

use tuyau_core::{Chain, Report, Security, Target};

use crate::world::{Clock, OTHER, Place, Says, Scripted, WIRE, ms, registry};

/// What a connect to these places leaves, whether it worked or not.
fn printed(places: Vec<Place>) -> String {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.resolver(WIRE, 0, Says(Ok(places)));
    let context = registry.freeze(clock.clone());
    let connect = context.connect(Target::name("router").port(6000));
    match clock.run(connect.deadline(ms(20_000)).open()) {
        Ok(connected) => connected.report.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Law 7: start, duration, endpoint, protocol, resolver, stage and outcome stand in columns. The key is
/// there where the protocol does not say it.
#[test]
fn law_7_parts_of_lines_stand_below_each_other() {
    let places = vec![Place::Silent, Place::Down(1_500), Place::Up(20, 1)];
    assert_eq!(
        printed(places),
        "  1. 0.0 ms +520 ms  Silent      over dial  from says  at dial:   given up, another attempt won
  2. 250 ms +270 ms  Down(1500)  over dial  from says  at dial:   given up, another attempt won
  3. 500 ms  +20 ms  Up(20, 1)   over dial  from says  at shake:  connected"
    );
}

/// Law 7: two stacks of one kind can be told apart.
#[test]
fn law_7_the_key_of_a_further_instance_is_printed() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.protocol(OTHER, Scripted::new(&clock));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Down(1)])));
    registry.resolver(OTHER, 0, Says(Ok(vec![Place::Down(1)])));
    registry.resolver(OTHER, 0, Says(Err("no such name")));
    let context = registry.freeze(clock.clone());
    let error = clock.run(context.connect(Target::name("x")).open());
    assert_eq!(
        error.unwrap_err().report().to_string(),
        "  1. 0.0 ms +0.0 ms  resolving  for wire#1              by says    at resolve:  no such name
  2. 0.0 ms +1.0 ms  Down(1)    over dial               from says  at dial:     it is down
  3. 1.0 ms +1.0 ms  Down(1)    over dial under wire#1  from says  at dial:     it is down"
    );
}

#[test]
fn a_plan_has_no_times_and_no_stages() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    registry.protocol(OTHER, Scripted::secure(&clock));
    registry.resolver(OTHER, 0, Says(Ok(vec![Place::Silent])));
    registry.resolver(WIRE, 1, Says(Ok(vec![Place::Up(1, 1)])));
    let context = registry.freeze(clock.clone());
    let plan = clock.run(context.connect(Target::name("x")).plan());
    assert_eq!(
        plan.to_string(),
        "  1. Silent    over dial under wire#1  from says  would be tried
  2. Up(1, 1)  over dial               from says  skipped: less secure than another way to this name; \
allow_downgrade permits it"
    );
    let connect = context
        .connect(Target::name("x"))
        .at_least(Security::Authenticated);
    let skipped = clock.run(connect.plan()).attempts.remove(1).to_string();
    assert!(
        skipped.starts_with("Up(1, 1)  over dial  from says  skipped: below"),
        "{skipped}"
    );
}

#[test]
fn many_attempts_are_counted_by_their_outcome() {
    let mut places = vec![Place::Down(1); 30];
    places.insert(3, Place::Silent);
    places.push(Place::Silent);
    let text = printed(places);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 32 + 1);
    assert_eq!(
        lines[0],
        "cannot connect to router:6000: the deadline passed after 20.00 s"
    );
    assert_eq!(
        lines[1],
        "   1. 0.0 ms  +1.0 ms  Down(1)  over dial  from says  at dial:  it is down"
    );
    assert_eq!(
        lines[4],
        "   4. 3.0 ms +20.00 s  Silent   over dial  from says  at dial:  the deadline passed"
    );
    assert_eq!(
        lines[33],
        "  in all: 30 × it is down; 2 × the deadline passed"
    );
    let columns = lines[1..33].iter().map(|line| line.find(" over dial "));
    assert!(
        columns
            .into_iter()
            .all(|at| at == lines[1].find(" over dial "))
    );
}

#[test]
fn a_cause_of_several_lines_stays_in_its_own_row() {
    let clock = Clock::default();
    let (mut registry, _) = registry(&clock);
    let cause = "cannot connect to the proxy\n  1. refused\n  2. refused";
    registry.resolver(WIRE, 0, Says(Err(cause)));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Down(1)])));
    let context = registry.freeze(clock.clone());
    let connect = context.connect(Target::name("x")).open();
    let error = clock.run(connect).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot connect to x: every attempt failed within 1.0 ms
  1. 0.0 ms +0.0 ms  resolving  for wire   by says    at resolve:  cannot connect to the proxy
        1. refused
        2. refused
  2. 0.0 ms +1.0 ms  Down(1)    over dial  from says  at dial:     it is down"
    );
    assert_eq!(Chain(&error).to_string(), error.to_string());
}

#[test]
fn a_name_with_an_end_of_line_forges_no_row() {
    let clock = Clock::default();
    let context = registry(&clock).0.freeze(clock.clone());
    let name = "x\n  1. 0.0 ms +0.0 ms  resolving";
    let error = clock.run(context.connect(Target::name(name)).open());
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot connect to x\u{fffd}  1. 0.0 ms +0.0 ms  resolving: no resolver is for such a scheme, \
or knows such a name"
    );
}

#[test]
fn an_empty_report_prints_nothing() {
    assert_eq!(Report::default().to_string(), "");
}
