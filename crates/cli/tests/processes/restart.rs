//! Registration, greeting and answer; and all again after the router was killed.

use std::path::Path;

use serde_json::Value;

use crate::{
    held_port::HeldPort,
    program::{Program, run, tuyau},
};

fn service(directory: &Path, name: &str, router: &str) -> Program {
    let settings = [
        format!("name={name}"),
        format!("router.address={router}"),
        "router.identity_file=router/identity.pub".to_owned(),
        "listen=tls://127.0.0.1:0".to_owned(),
        format!("state_dir={name}"),
        "reconnect.longest_pause_ms=500".to_owned(),
    ];
    let mut words = vec!["service".to_owned(), "--json".to_owned()];
    words.extend(
        settings
            .into_iter()
            .flat_map(|setting| ["--set".to_owned(), setting]),
    );
    Program::start(tuyau(directory, words))
}

/// Waits until a service is registered and greeted and the router has its answer; gives its
/// identity.
#[track_caller]
fn see_greeting(router: &mut Program, service: &mut Program, name: &str) -> String {
    let registered = service.event("registered", |event| event["renewal"] == false);
    let identity = registered["identity"].as_str().unwrap().to_owned();
    let message = service.event("message", |_| true);
    assert_eq!(
        (&message["text"], &message["via"]),
        (&"hi there".into(), &"route".into())
    );
    assert_eq!(message["from"], registered["router_identity"]);
    let answer = format!("message from {identity}: hello from {name}");
    router.event("received", |event| event["text"] == answer.as_str());
    identity
}

fn state(directory: &Path) -> Value {
    let output = run(
        directory,
        &["state", "show", "--socket", "router/admin.sock", "--json"],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn registered(state: &Value) -> Vec<String> {
    let routes = state["routes"].as_array().unwrap().iter();
    let registered = routes.filter(|route| route["source"] == "registered");
    registered
        .map(|route| route["identity"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn services_are_greeted_and_come_back_after_the_router_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let port = HeldPort::new();
    let mut router = Program::router(directory, &port.tls());
    let address = router.listening();
    let mut first = service(directory, "service-1", &address);
    let first_identity = see_greeting(&mut router, &mut first, "service-1");
    let mut second = service(directory, "service-2", &address);
    let second_identity = see_greeting(&mut router, &mut second, "service-2");
    let mut both = vec![first_identity.clone(), second_identity.clone()];
    let mut known = registered(&state(directory));
    both.sort();
    known.sort();
    assert_eq!(known, both);

    router.signal("KILL");
    router.wait();
    first.event("lost", |_| true);
    second.event("lost", |_| true);
    let mut router = Program::router(directory, &port.tls());
    assert_eq!(router.listening(), address);
    // In which order they come back is theirs to choose.
    let answers = |router: &mut Program| {
        let first = router.event("received", |_| true)["identity"].clone();
        let second = router.event("received", |event| event["identity"] != first);
        [first, second["identity"].clone()].map(|value| value.as_str().unwrap().to_owned())
    };
    let mut answered = answers(&mut router);
    answered.sort();
    assert_eq!(answered[..], both[..]);
    for service in [&mut first, &mut second] {
        service.event("registered", |_| true);
        service.event("message", |event| event["text"] == "hi there");
    }

    first.signal("TERM");
    first.event("withdrawn", |_| true);
    assert!(first.wait().success());
    assert_eq!(registered(&state(directory)), [second_identity]);
    router.signal("TERM");
    assert!(router.wait().success());
    second.event("lost", |_| true);
}

#[test]
fn count_and_table_survive_an_orderly_restart() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let mut service = service(directory, "service-1", &address);
    see_greeting(&mut router, &mut service, "service-1");
    service.kill();
    let before = state(directory);
    assert!(before["processed"].as_u64().unwrap() >= 2, "{before}");
    router.signal("INT");
    assert!(router.wait().success());
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    router.listening();
    let after = state(directory);
    assert_eq!(after["processed"], before["processed"]);
    assert_eq!(after["identity"], before["identity"]);
    assert_eq!(registered(&after), registered(&before));
}

#[test]
fn what_was_accepted_is_there_after_the_router_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let mut service = service(directory, "service-1", &address);
    let identity = see_greeting(&mut router, &mut service, "service-1");
    service.kill();
    router.signal("KILL");
    router.wait();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    router.listening();
    assert_eq!(registered(&state(directory)), [&identity[..]]);
}

#[test]
fn a_snapshot_in_the_state_directory_is_taken_over_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let mut service = service(directory, "service-1", &address);
    let identity = see_greeting(&mut router, &mut service, "service-1");
    service.kill();
    let file = "router/state.cbor";
    let words = ["state", "save", file, "--socket", "router/admin.sock"];
    assert!(run(directory, &words).status.success());
    let before = state(directory);
    router.signal("TERM");
    assert!(router.wait().success());
    std::fs::remove_dir_all(directory.join("router/store")).unwrap();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    router.listening();
    let imported = router.event("imported", |_| true);
    let text = "took over state.cbor with 1 rows; it is state.cbor.imported now";
    assert_eq!(imported["text"], text);
    let after = state(directory);
    assert_eq!(after["processed"], before["processed"]);
    assert_eq!(registered(&after), [&identity[..]]);
    assert!(directory.join("router/state.cbor.imported").exists());
}

#[test]
fn restoring_says_how_many_registrations_are_gone() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let state_file = |verb| {
        let words = ["state", verb, "x.cbor", "--socket", "router/admin.sock"];
        String::from_utf8(run(directory, &words).stdout).unwrap()
    };
    state_file("save");
    let mut service = service(directory, "service-1", &address);
    see_greeting(&mut router, &mut service, "service-1");
    assert_eq!(
        state_file("restore"),
        "restored 0 messages and 0 routes from x.cbor; 1 registration that is not in it is gone \
         until its service renews it\n"
    );
    assert!(registered(&state(directory)).is_empty());
}
