//! What another access policy does to what is registered, bound and joined.

use super::*;
use crate::{
    mail::Member,
    policy::{Effect, Party, Replaced, Rule},
};

/// A policy that allows everything but what one identity does, towards one other where it is towards
/// somebody.
fn all_but(who: u8, deed: Deed, to: Option<u8>) -> Policy {
    let mut rule = Rule::new(Effect::Deny, [deed], [Party::Identity(identity(who))]);
    if let Some(to) = to {
        rule = rule.towards([Party::Identity(identity(to))]);
    }
    Policy::new(Effect::Allow, vec![rule.named("ours")])
}

/// Alice, who is registered, is in the groups 50 and 51, sends to bob and to the router, and publishes
/// to group 50; and bob, who does nothing.
fn busy() -> (World, SessionId, SessionId) {
    let mut world = World::new();
    let (alice, bob) = (world.open(1, 1), world.open(2, 2));
    assert_eq!(world.listen(alice, record(1, 1, "tls://192.0.2.1:1")), None);
    for seed in [50, 51] {
        let sequence = world.number(alice);
        let (group, durable, grant) = (identity(seed), false, None);
        let join = Message::Join {
            sequence,
            group,
            durable,
            grant,
        };
        world.say(alice, &join);
        assert_eq!(world.answer(alice, sequence), None);
    }
    let group = identity(50);
    let publish = fast(Target::Group { group, grant: None });
    assert_eq!(world.bind(alice, 50, publish), None);
    for to in [2, 100] {
        let binding = fast(Target::Identity(identity(to)));
        assert_eq!(world.bind(alice, to.into(), binding), None);
    }
    world.sent.clear();
    world.told.clear();
    (world, alice, bob)
}

/// Puts a policy into force.
fn set(world: &mut World, policy: Policy) -> Replaced {
    let replaced = world.engine.set_policy(policy);
    world.perform();
    replaced
}

/// What ended, and whether the rules are the same.
fn counts(replaced: Replaced) -> (usize, usize, usize) {
    assert!(!replaced.same);
    (
        replaced.registrations,
        replaced.handles,
        replaced.memberships,
    )
}

fn told(world: &World) -> Vec<String> {
    world.told.iter().map(ToString::to_string).collect()
}

#[test]
fn a_policy_that_allows_what_is_in_use_ends_nothing() {
    let (mut world, alice, bob) = busy();
    let before = (world.bound.len(), world.members.len());
    let replaced = set(&mut world, all_but(2, Deed::Send, None));
    assert_eq!(counts(replaced), (0, 0, 0));
    assert!(set(&mut world, all_but(2, Deed::Send, None)).same);
    assert_eq!((world.bound.len(), world.members.len()), before);
    assert_eq!(world.engine.state().table.len(), 1);
    assert!(world.sent.is_empty());
    assert_eq!(
        told(&world),
        [
            "read the access policy again: it allows everything that is in use",
            "read the access policy again: the rules are the same as before",
        ]
    );
    // It holds for what comes from now on.
    let binding = fast(Target::Identity(identity(1)));
    let refused = world.bind(bob, 0, binding.clone());
    assert_eq!(refused, Some(RejectCode::NotAllowed));
    set(&mut world, Policy::allow_all());
    assert_eq!(world.bind(bob, 0, binding), None);
    let _ = alice;
}

#[test]
fn who_may_not_listen_any_more_is_told_that_its_registration_has_ended() {
    let (mut world, alice, _) = busy();
    let replaced = set(&mut world, all_but(1, Deed::Listen, None));
    assert_eq!(counts(replaced), (1, 0, 0));
    assert!(world.engine.state().table.is_empty());
    assert!(world.changed.ends_with(&[Some(Kept::Claim(identity(1)))]));
    // The number of the listen.
    assert_eq!(world.answer(alice, 1), Some(RejectCode::NotAllowed));
    assert_eq!(world.sent.len(), 1);
    assert_eq!(
        told(&world),
        [
            format!(
                "registration of {} revoked by the access policy",
                identity(1)
            ),
            "read the access policy again: took back 1 registration".to_owned(),
        ]
    );
    let again = world.listen(alice, record(1, 2, "tls://192.0.2.1:1"));
    assert_eq!(again, Some(RejectCode::NotAllowed));
    set(&mut world, Policy::allow_all());
    assert_eq!(world.listen(alice, record(1, 3, "tls://192.0.2.1:1")), None);
}

#[test]
fn a_handle_to_whom_may_not_be_sent_any_more_is_freed_and_says_why() {
    let (mut world, alice, bob) = busy();
    let replaced = set(&mut world, all_but(1, Deed::Send, Some(2)));
    assert_eq!(counts(replaced), (0, 1, 0));
    assert!(!world.bound.contains_key(&(alice, 2)));
    assert!(world.bound.contains_key(&(alice, 100)) && world.bound.contains_key(&(alice, 50)));
    assert_eq!(
        told(&world),
        [
            format!(
                "freed a handle of {}: not allowed to send to {}: denied by the rule `ours`",
                identity(1),
                identity(2)
            ),
            "read the access policy again: freed 1 handle".to_owned(),
        ]
    );
    for _ in 0..2 {
        let sent = world.send_on(alice, 2, b"x");
        assert_eq!(world.answer(alice, sent), Some(RejectCode::NotAllowed));
    }
    assert!(world.delivered(bob).is_empty());
    set(&mut world, Policy::allow_all());
    // It is free until it is bound anew.
    let sent = world.send_on(alice, 2, b"x");
    assert_eq!(world.answer(alice, sent), Some(RejectCode::NotAllowed));
    let sent = world.send(alice, 2, b"x");
    assert_eq!(world.outcome(alice, sent), None);
    assert_eq!(world.delivered(bob).len(), 1);
}

#[test]
fn who_may_not_publish_any_more_has_its_handle_freed() {
    let (mut world, alice, _) = busy();
    let replaced = set(&mut world, all_but(1, Deed::Publish, Some(50)));
    assert_eq!(counts(replaced), (0, 1, 0));
    let sent = world.send_on(alice, 50, b"x");
    assert_eq!(world.answer(alice, sent), Some(RejectCode::NotAllowed));
    assert_eq!(world.members.len(), 2);
}

#[test]
fn who_may_not_join_any_more_is_out_of_the_group() {
    let (mut world, alice, _) = busy();
    let replaced = set(&mut world, all_but(1, Deed::Join, Some(51)));
    assert_eq!(counts(replaced), (0, 0, 1));
    assert_eq!(world.members, [(identity(50), alice)]);
    // The number of its join.
    assert_eq!(world.answer(alice, 3), Some(RejectCode::NotAllowed));
    let told = told(&world);
    assert!(
        told[0].contains("left") && told[1].contains("denied by the rule `ours`"),
        "{told:#?}"
    );
}

#[test]
fn a_durable_member_that_may_not_join_any_more_is_none_be_it_there_or_away() {
    let mut world = World::with(|rules| {
        rules.keeps = true;
        let hello = rules.hello.clone();
        rules.hello = hello.with_capability(capability::DURABLE).unwrap();
    });
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    let hello = Hello::new(Role::Service, "test").unwrap();
    let hello = hello.with_capability(capability::DURABLE).unwrap();
    let alice = world.open_with(1, 1, Link::Accepted { origin }, hello);
    let group = identity(50);
    let join = Message::Join {
        sequence: 1,
        group,
        durable: true,
        grant: None,
    };
    world.say(alice, &join);
    let away = |seed| Member {
        group,
        identity: identity(seed),
        grant: None,
    };
    world.engine.remember(vec![away(2), away(3)], NOW);
    let policy = Policy::new(
        Effect::Deny,
        vec![Rule::new(
            Effect::Allow,
            [Deed::Join],
            [Party::Identity(identity(3))],
        )],
    );
    let replaced = set(&mut world, policy.clone());
    assert_eq!(replaced.memberships, 2);
    let left = |told: &[String]| told.iter().filter(|it| it.contains("left")).count();
    assert_eq!(left(&told(&world)), 2);
    // A router that is started with that policy does not remember the one either.
    let mut started = World::with(|rules| rules.policy = policy);
    started.engine.remember(vec![away(2), away(3)], NOW);
    started.perform();
    assert_eq!(left(&told(&started)), 1);
}

#[test]
fn what_a_session_that_has_ended_registered_is_revoked_without_telling_anybody() {
    let (mut world, alice, _) = busy();
    world.close(alice);
    let replaced = set(&mut world, Policy::new(Effect::Deny, vec![]));
    assert_eq!(counts(replaced), (1, 0, 0));
    assert!(world.engine.state().table.is_empty() && world.sent.is_empty());
}
