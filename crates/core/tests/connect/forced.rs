//! Law 3 and law 6: forcing a key or a protocol, and keys that differ by their instance.

use tuyau_core::{
    AttemptReport, ConnectErrorKind, Connected, Outcome, Registry, Security, Strategy, Target,
};

use crate::world::{Clock, Numbered, OTHER, Place, Says, Scripted, WIRE, ms};

fn two_keys(clock: &Clock) -> Registry {
    let mut registry = Registry::new();
    registry.protocol(WIRE, Scripted::new(clock));
    registry.protocol(OTHER, Scripted::new(clock));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Up(1, 1)])));
    registry.resolver(OTHER, 0, Says(Ok(vec![Place::Up(1, 2)])));
    registry
}

#[test]
fn law_6_a_forced_key_leaves_the_others_out() {
    let clock = Clock::default();
    let context = two_keys(&clock).freeze(clock.clone());
    let connected = clock
        .run(context.connect(Target::name("x")).key(OTHER).open())
        .unwrap();
    assert_eq!(connected.flow.info::<u32>(), Some(&2));
    assert!(
        connected
            .report
            .to_string()
            .contains("another key or protocol was forced")
    );
}

#[test]
fn law_6_a_forced_protocol_gives_its_own_flow() {
    let clock = Clock::default();
    let mut registry = two_keys(&clock);
    let handle = registry.protocol(OTHER, Scripted::new(&clock));
    let context = registry.freeze(clock.clone());
    let connected: Connected<Numbered> = clock
        .run(context.connect(Target::name("x")).via(&handle).open())
        .unwrap();
    assert_eq!(connected.flow.0, 2);
}

#[test]
fn law_6_a_forced_plain_protocol_is_no_downgrade() {
    let clock = Clock::default();
    let mut registry = Registry::new();
    let plain = registry.protocol(WIRE, Scripted::new(&clock));
    registry.protocol(WIRE, Scripted::secure(&clock));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Up(1, 3)])));
    let context = registry.freeze(clock.clone());
    let connect = context.connect(Target::name("x")).via(&plain);
    assert_eq!(clock.run(connect.open()).unwrap().flow.0, 3);
}

#[test]
fn a_protocol_of_another_registry_cannot_be_forced() {
    let clock = Clock::default();
    let foreign = Registry::new().protocol(WIRE, Scripted::new(&clock));
    let context = two_keys(&clock).freeze(clock.clone());
    let error = clock
        .run(context.connect(Target::name("x")).via(&foreign).open())
        .unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::NotRegistered);
    let plan = clock.run(context.connect(Target::name("x")).via(&foreign).plan());
    let skipped = |row: &AttemptReport| matches!(row.outcome, Outcome::Skipped(_));
    assert!(
        plan.attempts.len() == 2 && plan.attempts.iter().all(skipped),
        "{plan}"
    );
}

#[test]
fn a_forced_protocol_is_planned_and_has_every_option() {
    let clock = Clock::default();
    let mut registry = Registry::new();
    let plain = registry.protocol(WIRE, Scripted::new(&clock));
    registry.protocol(WIRE, Scripted::secure(&clock));
    registry.resolver(WIRE, 0, Says(Ok(vec![Place::Silent, Place::Up(1, 5)])));
    let context = registry.freeze(clock.clone());
    let connect = || context.connect(Target::name("x")).via(&plain);

    let outcomes: Vec<_> = (clock.run(connect().plan()).attempts.iter())
        .map(|row| row.outcome.to_string())
        .collect();
    let skipped = "skipped: another key or protocol was forced";
    let planned = "would be tried";
    assert_eq!(outcomes, [skipped, skipped, planned, planned]);
    let plan = clock.run(connect().at_least(Security::Encrypted).plan());
    let text = plan.to_string();
    assert!(
        text.contains("below the security that was asked for"),
        "{text}"
    );
    assert!(!text.contains(planned), "{text}");

    let one_at_a_time = connect().strategy(Strategy::Sequential).deadline(ms(700));
    let error = clock.run(one_at_a_time.open()).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
    assert_eq!(error.report().took, ms(700));
    let connected = clock.run(connect().allow_downgrade().open()).unwrap();
    assert_eq!(connected.flow.0, 5);
}

#[test]
fn law_3_keys_of_two_stacks_of_one_kind_differ() {
    assert_ne!(WIRE.id(), OTHER.id());
    assert_eq!(WIRE.id(), tuyau_core::Key::<crate::world::Wire>::new().id());
    assert_eq!(
        (WIRE.id().to_string(), OTHER.id().to_string()),
        ("wire".into(), "wire#1".into())
    );
}

#[test]
fn law_8_the_concrete_flow_can_be_taken_out_again() {
    let clock = Clock::default();
    let context = two_keys(&clock).freeze(clock.clone());
    let connected = clock
        .run(context.connect(Target::name("x")).open())
        .unwrap();
    assert!(connected.flow.find::<Numbered>().is_some());
    let flow = connected.flow.downcast::<Numbered>().unwrap();
    assert_eq!(flow.0, 1);
}
