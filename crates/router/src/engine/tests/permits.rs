//! What the access policy lets through.

use super::*;
use crate::policy::{Effect, Party, Rule, RulePlace};

/// A world whose policy denies the one thing, allows the others, and nothing else.
fn world(deny: Option<(Deed, u8)>, allow: &[(Deed, u8)]) -> World {
    let denied = deny.into_iter().map(|what| (Effect::Deny, what));
    let allowed = allow.iter().map(|what| (Effect::Allow, *what));
    let rules = denied.chain(allowed).map(|(effect, (action, seed))| {
        let place = RulePlace {
            file: "policy.yaml".into(),
            line: 3,
        };
        Rule::new(effect, [action], [Party::Identity(identity(seed))])
            .named("ours")
            .at(place)
    });
    let policy = Policy::new(Effect::Deny, rules.collect());
    World::with(|rules| {
        rules.policy = policy;
        rules.hello = rules
            .hello
            .clone()
            .with_capability(capability::LOOKUP)
            .unwrap();
    })
}

#[test]
fn who_may_not_listen_is_not_registered() {
    let mut world = world(None, &[(Deed::Listen, 1)]);
    let (alice, bob) = (world.open(1, 1), world.open(2, 2));
    let refused = world.listen(bob, record(2, 1, "tls://192.0.2.2:1"));
    assert_eq!(refused, Some(RejectCode::NotAllowed));
    assert_eq!(world.engine.state(), &State::default());
    assert!(world.changed.is_empty() && world.closed.is_empty());
    assert_eq!(world.listen(alice, record(1, 1, "tls://192.0.2.1:1")), None);
    assert_eq!(world.engine.state().table.len(), 1);
}

#[test]
fn who_may_not_send_reaches_neither_services_nor_the_router() {
    let mut world = world(None, &[(Deed::Send, 1)]);
    let (alice, bob) = (world.open(1, 1), world.open(2, 2));
    for to in [1, 100, 9] {
        let binding = fast(Target::Identity(identity(to)));
        let refused = world.bind(bob, to.into(), binding);
        assert_eq!(refused, Some(RejectCode::NotAllowed));
        let sent = world.send_on(bob, to.into(), b"x");
        assert_eq!(world.answer(bob, sent), Some(RejectCode::Unbound));
    }
    assert!(world.delivered(alice).is_empty() && world.dialled.is_empty());
    assert!(
        !world
            .told
            .iter()
            .any(|it| matches!(it, Event::Received { .. }))
    );
    let sent = world.send(alice, 2, b"x");
    assert_eq!(world.outcome(alice, sent), None);
    assert_eq!(world.delivered(bob).len(), 1);
}

#[test]
fn who_may_not_join_or_publish_is_not_in_the_group() {
    let mut world = world(None, &[(Deed::Join, 1), (Deed::Publish, 2)]);
    let (alice, bob) = (world.open(1, 1), world.open(2, 2));
    let group = identity(50);
    let publish = fast(Target::Group { group, grant: None });
    for (session, joins, publishes) in [
        (alice, None, Some(RejectCode::NotAllowed)),
        (bob, Some(RejectCode::NotAllowed), None),
    ] {
        let sequence = world.number(session);
        let (durable, grant) = (false, None);
        world.say(
            session,
            &Message::Join {
                sequence,
                group,
                durable,
                grant,
            },
        );
        assert_eq!(world.answer(session, sequence), joins);
        assert_eq!(world.bind(session, 0, publish.clone()), publishes);
    }
}

#[test]
fn who_may_not_send_is_not_told_where_to_connect() {
    let mut world = world(None, &[(Deed::Listen, 1), (Deed::Send, 1)]);
    let alice = world.open(1, 1);
    assert_eq!(world.listen(alice, record(1, 1, "tls://192.0.2.1:1")), None);
    let bob = lookup::asker(&mut world, 2, 2);
    let (code, text) = lookup::ask(&mut world, bob, 1, 1).unwrap_err();
    assert_eq!(code, RejectCode::NotAllowed);
    assert!(!text.contains("192.0.2.1"), "{text}");
}

#[test]
fn the_peer_is_told_what_is_denied_and_the_journal_by_which_rule() {
    let mut world = world(Some((Deed::Send, 2)), &[]);
    let bob = lookup::asker(&mut world, 2, 2);
    let (_, text) = lookup::ask(&mut world, bob, 1, 1).unwrap_err();
    let (from, to) = (identity(2), identity(1));
    assert_eq!(
        text,
        format!(
            "{from} is not allowed to send to {to} by the access policy of this router; ask \
             whoever runs it"
        )
    );
    let told = world.told.iter().map(ToString::to_string);
    let rejected: Vec<_> = told.filter(|line| line.contains("rejected")).collect();
    assert_eq!(
        rejected,
        [format!(
            "rejected a message of {from}: not allowed: to send to {to}: denied by the rule `ours` \
             (policy.yaml:3)"
        )]
    );
}

#[test]
fn what_was_registered_before_is_revoked_with_a_policy_that_denies_it() {
    let mut before = World::new();
    for seed in [1, 2] {
        let session = before.open(seed.into(), seed);
        let record = record(seed, 1, "tls://192.0.2.1:1");
        assert_eq!(before.listen(session, record), None);
    }
    let mut state = before.engine.state().clone();
    let static_row = (identity(3), vec!["tls://192.0.2.3:1".parse().unwrap()]);
    state.table.set_static(&[static_row], NOW);
    let kept = |engine: &Engine| {
        let rows = engine.state().table.rows();
        rows.map(|row| row.identity).collect::<Vec<_>>()
    };
    let mut expected = vec![identity(1), identity(3)];
    expected.sort();

    let mut restored = world(None, &[(Deed::Listen, 1)]);
    restored.engine.restore(state.clone(), NOW);
    assert_eq!(kept(&restored.engine), expected);
    restored.perform();
    let told = restored.told.last().map(ToString::to_string).unwrap();
    assert_eq!(
        told,
        format!(
            "registration of {} revoked by the access policy",
            identity(2)
        )
    );

    let rules = restored.engine.rules.clone();
    let mut started = Engine::new(rules, state);
    assert_eq!(kept(&started), expected);
    let actions = started.take_actions();
    let kept = Kept::Claim(identity(2));
    let is_it = |action: &Action| matches!(action, Action::Keep { kept: it, .. } if *it == kept);
    assert!(
        actions.iter().any(is_it),
        "what is kept on disk is brought up to date"
    );
}
