//! Another access policy while peers are connected.

use std::sync::{Arc, Mutex};

use tuyau_router::{
    AdminClient, AdminErrorKind, PolicySource, ReloadErrorKind,
    journal::Event,
    policy::{Action, Effect, Party, Policy, Rule},
};
use tuyau_wire::{Level, Message, RejectCode};

use crate::support::{TestRouter, key, peer::fast, start};

/// A policy that denies one key one thing.
fn all_but(seed: u8, action: Action) -> Policy {
    let who = Party::Identity(key(seed).identity());
    let rule = Rule::new(Effect::Deny, [action], [who]).named("ours");
    Policy::new(Effect::Allow, vec![rule])
}

/// What the source of a policy gives next: a policy, or why there is none.
type Next = Arc<Mutex<Result<Policy, &'static str>>>;

fn source(next: &Next) -> PolicySource {
    let next = next.clone();
    PolicySource::new("policy.yaml", move || Ok(next.lock().unwrap().clone()?))
}

async fn refused(router: &mut TestRouter) -> String {
    router
        .event(|event| match event {
            Event::PolicyRefused { .. } => Some(event.to_string()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_sender_that_may_not_send_any_more_reaches_nobody_from_then_on() {
    let router = start(|_| {}).await;
    let (mut alice, mut bob) = (router.connect(1).await, router.connect(2).await);
    let to = bob.identity();
    assert_eq!(bob.bind(0, fast(to, Level::Accepted)).await, None);
    assert_eq!(alice.send(to, b"1").await, None);
    assert_eq!(bob.delivery().await.1, b"1");

    let replaced = router.router.set_policy(all_but(1, Action::Send)).await;
    assert_eq!(replaced.unwrap().handles, 1);
    let handle = alice.handle(to).await;
    alice.post(handle, b"2").await;
    assert_eq!(alice.answer().await.unwrap().0, RejectCode::NotAllowed);
    assert_eq!(
        alice
            .bind(handle, fast(to, Level::Accepted))
            .await
            .unwrap()
            .0,
        RejectCode::NotAllowed
    );

    let replaced = router.router.set_policy(Policy::allow_all()).await.unwrap();
    assert_eq!((replaced.same, replaced.handles), (false, 0));
    assert_eq!(alice.bind(handle, fast(to, Level::Accepted)).await, None);
    alice.post(handle, b"3").await;
    assert_eq!(alice.answer().await, None);
    assert_eq!(bob.delivery().await.1, b"3");
}

#[tokio::test]
async fn a_member_that_may_not_join_any_more_is_told_and_gets_nothing_more() {
    let mut router = start(|_| {}).await;
    let mut bob = router.connect(2).await;
    let (group, durable, grant) = (key(50).identity(), false, None);
    let joined = bob.next();
    let join = Message::Join {
        sequence: joined,
        group,
        durable,
        grant,
    };
    bob.say(&join).await;
    assert_eq!(bob.answer().await, None);
    let replaced = router.router.set_policy(all_but(2, Action::Join)).await;
    assert_eq!(replaced.unwrap().memberships, 1);
    let (code, _) = bob.answer_to(joined).await.unwrap();
    assert_eq!(code, RejectCode::NotAllowed);
    assert!(
        router
            .rejected(2)
            .await
            .contains("denied by the rule `ours`")
    );
}

#[tokio::test]
async fn a_policy_is_read_again_over_the_admin_socket_and_a_bad_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let next: Next = Arc::new(Mutex::new(Ok(Policy::allow_all())));
    let mut router = start(|settings| {
        settings.admin_socket = Some(path.clone());
        settings.policy_source = Some(source(&next));
    })
    .await;
    let mut alice = router.connect(1).await;
    let record = alice.record("tls://192.0.2.1:1");
    assert_eq!(alice.listen(record).await, None);

    let mut admin = AdminClient::connect(&path).await.unwrap();
    *next.lock().unwrap() = Err("line 3: no such rule");
    let error = admin.reload_policy().await.unwrap_err();
    let AdminErrorKind::Refused(text) = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(
        text,
        "the policy file is not valid, and the policy stays as it was\nline 3: no such rule"
    );
    assert_eq!(
        refused(&mut router).await,
        "cannot read the access policy again, the present one stays: line 3: no such rule"
    );
    let (name, policy) = admin.policy(&[]).await.unwrap();
    assert_eq!(
        (name.as_deref(), policy),
        (Some("policy.yaml"), Policy::allow_all())
    );

    *next.lock().unwrap() = Ok(all_but(1, Action::Listen));
    let (name, replaced) = admin.reload_policy().await.unwrap();
    assert_eq!((&*name, replaced.registrations), ("policy.yaml", 1));
    let (code, _) = alice.answer_to(alice.number).await.unwrap();
    assert_eq!(code, RejectCode::NotAllowed);
    assert_eq!(router.state().await.1, []);
    let about = [alice.identity(), key(2).identity()];
    let (_, policy) = admin.policy(&about).await.unwrap();
    let [alice, bob] = about.map(|who| policy.decide(&who, Action::Listen, None).to_string());
    assert_eq!(
        (&*alice, &*bob),
        ("denied by the rule `ours`", "allowed by default")
    );
}

#[tokio::test]
async fn a_router_without_a_policy_file_says_so_when_it_is_to_read_it() {
    let mut router = start(|_| {}).await;
    let error = router.router.reload_policy().await.unwrap_err();
    assert_eq!(error.kind(), ReloadErrorKind::NoSource);
    let told = refused(&mut router).await;
    assert!(told.contains("set `policy_file`"), "{told}");
}
