//! Messages from the command line: sent, published, asked and received.

use std::{
    io::Write as _,
    path::Path,
    process::{Output, Stdio},
};

use serde_json::Value;

use crate::{
    held_port::HeldPort,
    program::{Program, fail, run, tuyau},
};

/// A router in a directory, and the words that lead to it.
fn router(directory: &Path) -> (Program, Vec<String>) {
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let words = [
        "--router",
        &address,
        "--router-identity-file",
        "router/identity.pub",
    ];
    (router, words.map(str::to_owned).to_vec())
}

fn words<'a>(first: &[&'a str], reach: &'a [String]) -> Vec<&'a str> {
    let reach = reach.iter().map(String::as_str);
    first.iter().copied().chain(reach).collect()
}

#[track_caller]
fn new_key(directory: &Path, name: &str) -> String {
    let output = run(directory, &["key", "new", "--out", name, "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    shown["identity"].as_str().unwrap().to_owned()
}

/// A receiver that is ready.
#[track_caller]
fn receiver(directory: &Path, first: &[&str], reach: &[String]) -> Program {
    let mut program = Program::start(tuyau(directory, words(first, reach)));
    program.event("ready", |_| true);
    program
}

fn with_input(directory: &Path, words: &[&str], input: &[u8]) -> Output {
    let mut command = tuyau(directory, words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn what_is_sent_is_received_with_its_sender_and_its_number() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (_router, reach) = router(directory);
    let (alice, bob) = (
        new_key(directory, "alice.pem"),
        new_key(directory, "bob.pem"),
    );
    let take = ["receive", "--key", "bob.pem", "--json", "--count", "4"];
    let mut bob_takes = receiver(directory, &take, &reach);
    let send = ["send", &bob, "one", "two", "--key", "alice.pem", "--json"];
    let sent = said(&run(directory, &words(&send, &reach)));
    let sent: Vec<Value> = sent
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (text, sent) in ["one", "two"].into_iter().zip(&sent) {
        assert_eq!(
            (&sent["event"], &sent["level"]),
            (&"sent".into(), &"accepted".into())
        );
        let message = bob_takes.event("message", |_| true);
        assert_eq!(message["text"], text);
        assert_eq!(message["from"], alice);
        assert_eq!(message["sequence"], sent["sequence"]);
        assert_eq!(message["epoch"], sent["epoch"]);
    }
    // From standard input, each line one; a file may say who gets it, and the receipt may be his.
    let send = ["send", "bob.pem", "--ack", "delivered"];
    let output = with_input(directory, &words(&send, &reach), b"three\nfour\r\n");
    assert_eq!(said(&output), "delivered: 2 messages\n");
    for text in ["three", "four"] {
        bob_takes.event("message", |message| message["text"] == text);
    }
    assert!(bob_takes.wait().success());
}

#[test]
fn bodies_may_be_cbor_or_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (_router, reach) = router(directory);
    let bob = new_key(directory, "bob.pem");
    let take = ["receive", "--key", "bob.pem", "--json", "--cbor"];
    let mut bob_takes = receiver(directory, &take, &reach);
    let send = ["send", &bob, "--cbor", r#"{"a": [1, "x"]}"#];
    said(&run(directory, &words(&send, &reach)));
    let message = bob_takes.event("message", |_| true);
    assert_eq!(message["text"], r#"{"a": [1, "x"]}"#);
    let send = ["send", &bob, "--raw"];
    let output = with_input(directory, &words(&send, &reach), &[0x82, 0x0a, 0x18, 0x64]);
    assert_eq!(said(&output), "accepted: 1 message\n");
    let message = bob_takes.event("message", |_| true);
    assert_eq!(message["text"], "[10, 100]");
    let error = fail(
        directory,
        &words(&["send", &bob, "--cbor", "hello"], &reach),
    );
    assert!(error.contains("expected JSON"), "{error}");
}

#[test]
fn a_message_to_nobody_fails_with_the_reason_of_the_router() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (_router, reach) = router(directory);
    let bob = new_key(directory, "bob.pem");
    for command in ["send", "request"] {
        let error = fail(directory, &words(&[command, &bob, "hello"], &reach));
        assert!(error.contains("unreachable"), "{error}");
    }
    let late = ["receive", "--count", "1", "--timeout", "0.1"];
    let error = fail(directory, &words(&late, &reach));
    assert!(error.contains("100 ms"), "{error}");
}

#[test]
fn a_request_prints_the_reply() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (_router, reach) = router(directory);
    let service = [
        "service",
        "--json",
        "--router",
        &reach[1],
        "--listen",
        "tls://127.0.0.1:0",
        "--state-dir",
        "service",
        "--set",
        "router.identity_file=router/identity.pub",
        "--set",
        "answer=at your service",
    ];
    let mut service = Program::start(tuyau(directory, service));
    service.event("registered", |_| true);
    let request = ["request", "service/identity.pub", "are you there?"];
    let reply = said(&run(directory, &words(&request, &reach)));
    assert_eq!(reply, "at your service\n");
    service.event("message", |event| event["text"] == "are you there?");
}

#[test]
fn what_is_published_gets_to_those_who_joined() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (_router, reach) = router(directory);
    let group = new_key(directory, "news.pem");
    let join = ["join", &group, "--json", "--count", "1"];
    let mut members = [(); 2].map(|()| receiver(directory, &join, &reach));
    let publish = ["publish", "news.pem", "hello"];
    let output = run(directory, &words(&publish, &reach));
    assert_eq!(said(&output), "accepted: 1 message\n");
    for member in &mut members {
        let message = member.event("message", |_| true);
        assert_eq!(
            (&message["text"], &message["group"]),
            (&"hello".into(), &group.clone().into())
        );
        assert!(member.wait().success());
    }
}

#[test]
fn who_receives_comes_back_to_a_router_that_was_restarted() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let port = HeldPort::new();
    let mut first = Program::router(directory, &port.tls());
    let reach = ["--router", &first.listening()].map(str::to_owned);
    let file = ["--router-identity-file", "router/identity.pub"].map(str::to_owned);
    let reach = [reach, file].concat();
    let group = new_key(directory, "news.pem");
    let bob = new_key(directory, "bob.pem");
    let take = ["receive", "--key", "bob.pem", "--json", "--count", "2"];
    let mut bob_takes = receiver(directory, &take, &reach);
    let join = ["join", "news.pem", "--json", "--count", "2"];
    let mut member = receiver(directory, &join, &reach);
    let send = |text: &str| {
        said(&run(directory, &words(&["send", &bob, text], &reach)));
        said(&run(directory, &words(&["publish", &group, text], &reach)));
    };
    send("before");
    for program in [&mut bob_takes, &mut member] {
        program.event("message", |message| message["text"] == "before");
    }
    first.kill();
    for program in [&mut bob_takes, &mut member] {
        let lost = program.event("lost", |_| true);
        assert!(lost["retry_in_ms"].is_u64(), "{lost}");
    }
    let mut second = Program::router(directory, &port.tls());
    second.listening();
    for program in [&mut bob_takes, &mut member] {
        program.event("ready", |_| true);
    }
    send("after");
    for program in [&mut bob_takes, &mut member] {
        program.event("message", |message| message["text"] == "after");
        assert!(program.wait().success());
    }
}

#[test]
fn who_receives_fails_at_once_where_there_is_no_router() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let bob = new_key(directory, "bob.pem");
    let port = HeldPort::new();
    let address = port.tls();
    let take = ["receive", "--router", &address, "--router-identity", &bob];
    let error = fail(directory, &take);
    assert!(error.contains("refused"), "{error}");
    let take = ["receive", "--router-identity-file", "missing.pub"];
    let error = fail(directory, &take);
    assert!(error.contains("missing.pub"), "{error}");
}

#[test]
fn a_restricted_group_is_for_those_with_a_grant_until_it_is_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (_router, reach) = router(directory);
    let [group, alice, bob] =
        ["news.pem", "alice.pem", "bob.pem"].map(|name| new_key(directory, name));
    let rules = ["group", "rules", "news.pem", "--restrict", "join,publish"];
    assert_eq!(
        said(&run(directory, &words(&rules, &reach))),
        format!("the group {group} wants a grant to join and to publish\n")
    );
    let publish = ["publish", "news.pem", "hello", "--key", "alice.pem"];
    let error = fail(directory, &words(&publish, &reach));
    assert!(error.contains("no grant"), "{error}");
    let join = ["join", &group, "--json", "--key", "bob.pem"];
    let error = String::from_utf8(run(directory, &words(&join, &reach)).stderr).unwrap();
    assert!(error.contains("no grant"), "{error}");

    for (identity, right, file) in [
        (&alice, "publish", "alice.grant"),
        (&bob, "join", "bob.grant"),
    ] {
        let grant = ["group", "grant", "news.pem", identity];
        let more = ["--right", right, "--out", file, "--json"];
        let shown = said(&run(directory, &[&grant[..], &more].concat()));
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            (&shown["identity"], &shown["join"]),
            (&identity.as_str().into(), &(right == "join").into())
        );
    }
    let join = [&join[..], &["--grant", "bob.grant"]].concat();
    let mut bob_takes = receiver(directory, &join, &reach);
    let publish = [&publish[..], &["--grant", "alice.grant"]].concat();
    said(&run(directory, &words(&publish, &reach)));
    bob_takes.event("message", |message| message["text"] == "hello");
    // A grant is for one identity and for what it says.
    let wrong = ["publish", "news.pem", "x", "--key", "bob.pem", "--grant"];
    let error = fail(
        directory,
        &words(&[&wrong[..], &["bob.grant"]].concat(), &reach),
    );
    assert!(error.contains("does not allow to publish"), "{error}");
    let error = fail(
        directory,
        &words(&[&wrong[..], &["bob.pem"]].concat(), &reach),
    );
    assert!(error.contains("that is no grant"), "{error}");

    let rules = [
        "group",
        "rules",
        "news.pem",
        "--restrict",
        "join",
        "--revoke",
    ];
    said(&run(directory, &words(&rules, &reach)));
    assert_eq!(bob_takes.wait().code(), Some(1));
    let error = bob_takes.kill();
    assert!(error.contains("no grant"), "{error}");
}
