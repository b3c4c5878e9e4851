//! Law 6: falling from secure to plain never happens silently.

use tuyau_core::{
    Address, AnyFlow, ConnectError, ConnectErrorKind, Connected, Outcome, Registry, ResolverExt,
    Security, SkipReason, Target,
};

use crate::world::{Clock, OTHER, Place, Says, Scripted, WIRE};

/// A secure protocol whose endpoint is down in rank 0, a plain one that is up in rank 1.
fn secure_then_plain(clock: &Clock, secure: Result<Vec<Place>, &'static str>) -> Registry {
    let mut registry = Registry::new();
    registry.protocol(WIRE, Scripted::secure(clock));
    registry.protocol(OTHER, Scripted::new(clock));
    registry.resolver(WIRE, 0, Says(secure));
    registry.resolver(OTHER, 1, Says(Ok(vec![Place::Up(1, 2)])));
    registry
}

fn skipped(result: &Result<Connected<AnyFlow>, ConnectError>, why: SkipReason) -> bool {
    let error = result.as_ref().expect_err("nothing is connected");
    let mut outcomes = error
        .report()
        .attempts
        .iter()
        .map(|attempt| &attempt.outcome);
    outcomes.any(|outcome| matches!(outcome, Outcome::Skipped(reason) if *reason == why))
}

#[test]
fn law_6_a_plain_fallback_is_skipped_and_reported() {
    let clock = Clock::default();
    let context = secure_then_plain(&clock, Ok(vec![Place::Down(1)])).freeze(clock.clone());
    let result = clock.run(context.connect(Target::name("x")).open());
    assert!(skipped(&result, SkipReason::Downgrade));
    let text = result.unwrap_err().to_string();
    assert!(text.contains("allow_downgrade permits it"), "{text}");
}

#[test]
fn law_6_a_resolver_that_fails_is_no_way_to_a_plain_flow() {
    let clock = Clock::default();
    let context = secure_then_plain(&clock, Err("forged answer")).freeze(clock.clone());
    assert!(skipped(
        &clock.run(context.connect(Target::name("x")).open()),
        SkipReason::Downgrade
    ));
}

#[test]
fn law_6_a_plain_fallback_is_taken_when_allowed() {
    let clock = Clock::default();
    let context = secure_then_plain(&clock, Ok(vec![Place::Down(1)])).freeze(clock.clone());
    let connect = context.connect(Target::name("x")).allow_downgrade();
    let connected = clock.run(connect.open()).unwrap();
    assert_eq!(connected.flow.info::<u32>(), Some(&2));
}

#[test]
fn law_6_the_floor_holds_even_when_downgrading_is_allowed() {
    let clock = Clock::default();
    let context = secure_then_plain(&clock, Ok(vec![Place::Down(1)])).freeze(clock.clone());
    let connect = context.connect(Target::name("x"));
    let connect = connect.at_least(Security::Encrypted).allow_downgrade();
    assert!(skipped(&clock.run(connect.open()), SkipReason::BelowFloor));
}

/// A resolver that was told nothing finds plain endpoints for addresses of its own protocol only.
#[test]
fn law_6_an_address_of_another_scheme_is_not_dialled_in_the_clear() {
    let clock = Clock::default();
    let address = |text: &str| Target::from(text.parse::<Address>().unwrap());
    let mut registry = Registry::new();
    registry.protocol(WIRE, Scripted::new(&clock));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Up(1, 1)])));
    let context = registry.freeze(clock.clone());
    let connect = context.connect(address("secure://x")).allow_downgrade();
    let error = clock.run(connect.open()).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::NothingResolved);
    clock
        .run(context.connect(address("wire://x")).open())
        .unwrap();
    clock
        .run(context.connect(Target::name("x")).open())
        .unwrap();
}

#[test]
fn a_resolver_takes_the_scheme_that_it_was_told() {
    let clock = Clock::default();
    let mut registry = Registry::new();
    registry.protocol(WIRE, Scripted::new(&clock));
    let says = Says(Ok(vec![Place::Up(1, 1)]));
    registry.resolver(WIRE, 0, says.for_scheme("thread"));
    let context = registry.freeze(clock.clone());
    let open = |text: &str| clock.run(context.connect(text.parse::<Target>().unwrap()).open());
    assert!(open("thread://x").is_ok());
    assert!(open("x").is_ok());
    assert!(open("wire://x").is_err());
}
