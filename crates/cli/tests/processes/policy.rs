//! The access policy: the commands about it, and a router that enforces it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::program::{Program, fail, run, tuyau};

/// Makes keys, and gives their identities.
fn identities<const N: usize>(directory: &Path, files: [&str; N]) -> [String; N] {
    files.map(|file| {
        let output = run(directory, &["key", "new", "--out", file, "--json"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["identity"].as_str().unwrap().to_owned()
    })
}

fn explain(directory: &Path, words: &[&str]) -> Value {
    let first = ["policy", "explain", "--json", "--policy", "policy.yaml"];
    let output = run(directory, &[&first[..], words].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_explanation_names_the_rule_and_the_rule_that_would_change_it() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let [alice, bob] = identities(directory, ["alice.pem", "bob.pem"]);
    let text = format!(
        "sets:\n  writers: [{alice}]\nrules:\n- {{name: to bob, allow: [send], who: [writers], \
         to: [{bob}]}}\n"
    );
    fs::write(directory.join("policy.yaml"), &text).unwrap();

    let told = explain(directory, &["alice.pem", "send", &bob]);
    assert_eq!(told["allowed"], true);
    assert_eq!(told["rule"]["name"], "to bob");
    assert_eq!(
        (&told["file"], &told["rule"]["line"]),
        (&"policy.yaml".into(), &4.into())
    );
    assert_eq!(told["sets"][0]["name"], "writers");
    assert_eq!(told["target_sets"].as_array().unwrap().len(), 0);
    assert_eq!(told["change"]["before_line"], 4);

    let told = explain(directory, &[&bob, "send", "alice.pem"]);
    assert_eq!(
        (&told["allowed"], &told["rule"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(
        (&told["identity"], &told["target"]),
        (&bob.into(), &alice.as_str().into())
    );

    // What would have to change does change it.
    let rule = serde_json::to_string(&told["change"]["rule"]).unwrap();
    fs::write(directory.join("policy.yaml"), format!("{text}- {rule}\n")).unwrap();
    let told = explain(directory, &["bob.pem", "send", &alice]);
    assert_eq!(
        (&told["allowed"], &told["rule"]["line"]),
        (&true.into(), &5.into())
    );
}

#[test]
fn questions_that_make_no_sense_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let [alice] = identities(directory, ["alice.pem"]);
    fs::write(directory.join("policy.yaml"), "default: allow").unwrap();
    let ask = |words: &[&str]| {
        let first = ["policy", "explain", "--policy", "policy.yaml"];
        fail(directory, &[&first[..], words].concat())
    };
    assert_eq!(
        ask(&[&alice, "join"]),
        "error: `join` is towards somebody: add the identity of the group\n"
    );
    assert_eq!(
        ask(&[&alice, "listen", &alice]),
        "error: `listen` is towards nobody: leave the second identity out\n"
    );
    let error = ask(&[&alice[..60], "listen"]);
    assert!(
        error.contains("an identity has 64 characters, this text has 60"),
        "{error}"
    );
    let error = ask(&["missing.pem", "listen"]);
    assert!(error.contains("missing.pem"), "{error}");
    let words = [
        "policy",
        "explain",
        "--policy",
        "policy.yaml",
        &alice,
        "sing",
    ];
    let output = run(directory, &words);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("listen, send, join, publish, admin"),
        "{error}"
    );
}

#[test]
fn a_bad_policy_keeps_a_router_from_starting_and_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::write(directory.join("policy.yaml"), "rules: [{alow: [send]}]").unwrap();
    let words = [
        "router",
        "--state-dir",
        "router",
        "--set",
        "policy_file=policy.yaml",
    ];
    let error = fail(directory, &words);
    assert!(
        error.contains("policy.yaml:1:10: unknown key `alow`"),
        "{error}"
    );
    assert!(!directory.join("router").exists());
    let output = run(directory, &["policy", "check", "policy.yaml", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&verdict["ok"], &verdict["errors"][0]["line"]),
        (&false.into(), &1.into())
    );
}

#[test]
fn a_router_refuses_what_its_policy_denies_and_forgets_what_it_allowed_before() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let rules = "rules: [{name: all but to write, allow: [listen], who: [everyone]}]";
    fs::write(directory.join("policy.yaml"), rules).unwrap();
    let router = |more: &[&str]| {
        let words = [
            "router",
            "--json",
            "--listen",
            "tls://127.0.0.1:0",
            "--state-dir",
            "router",
        ];
        Program::start(tuyau(directory, words.iter().chain(more)))
    };
    let service = |address: &str, rest: &[&str]| {
        let words = [
            "service",
            "--json",
            "--listen",
            "tls://127.0.0.1:0",
            "--router",
            address,
        ];
        let identity = ["--set", "router.identity_file=router/identity.pub"];
        let words = words.iter().chain(&identity).chain(rest);
        Program::start(tuyau(directory, words))
    };
    let mut first = router(&["--set", "policy_file=policy.yaml"]);
    let address = first.listening();
    let mut lasting = service(&address, &["--state-dir", "lasting"]);
    let registered = first.event("registered", |_| true);
    // Its answer to the greeting is a message to the router.
    let rejected = first.event("rejected", |_| true);
    let text = rejected["text"].as_str().unwrap();
    assert!(text.contains("denied by default"), "{text}");
    assert_eq!(rejected["identity"], registered["identity"]);
    lasting.kill();
    first.signal("TERM");
    assert!(first.wait().success());

    fs::write(directory.join("policy.yaml"), "rules: []").unwrap();
    let mut second = router(&["--set", "policy_file=policy.yaml"]);
    let address = second.listening();
    let revoked = second.event("revoked", |_| true);
    assert_eq!(revoked["identity"], registered["identity"]);
    let _refused = service(&address, &["--state-dir", "other"]);
    let rejected = second.event("rejected", |_| true);
    let text = rejected["text"].as_str().unwrap();
    assert!(text.contains("to listen: denied by default"), "{text}");
}

/// A router in a directory whose policy file says this, and its address.
fn router_with(directory: &Path, policy: &str) -> (Program, String) {
    fs::write(directory.join("policy.yaml"), policy).unwrap();
    let words = [
        "router",
        "--json",
        "--listen",
        "tls://127.0.0.1:0",
        "--state-dir",
        "router",
        "--set",
        "policy_file=policy.yaml",
    ];
    let mut router = Program::start(tuyau(directory, words));
    let address = router.listening();
    (router, address)
}

#[test]
fn a_running_router_explains_as_its_file_does() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let [alice, bob] = identities(directory, ["alice.pem", "bob.pem"]);
    let policy = format!(
        "sets:\n  ours: [{alice}, {bob}]\n  hers: [{alice}]\nrules:\n\
         - {{deny: [send], who: [hers], to: [hers]}}\n\
         - {{name: ours, allow: [send, join], who: [ours], to: [hers, ours]}}\n\
         - {{allow: [listen], who: [everyone]}}\n"
    );
    let (_router, _) = router_with(directory, &policy);
    for words in [
        &[&*alice, "send", &*bob][..],
        &[&*alice, "send", &*alice],
        &[&*bob, "join", &*alice],
        &[&*bob, "publish", &*alice],
        &[&*bob, "listen"],
    ] {
        let explain = |from: &[&str]| {
            let output = run(directory, &[&["policy", "explain"], from, words].concat());
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let from_file = explain(&["--policy", "policy.yaml"]);
        assert_eq!(explain(&[&["--running"], &SOCKET[..]].concat()), from_file);
    }
}

const ALLOW: &str = "rules: [{allow: [listen, send], who: [everyone]}]";
const DENY: &str = "rules:\n- {name: nobody any more, deny: [listen], who: [everyone]}\n";
const SOCKET: [&str; 2] = ["--socket", "router/admin.sock"];

#[test]
fn a_policy_that_is_read_again_ends_what_it_does_not_allow() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (mut router, address) = router_with(directory, ALLOW);
    let words = [
        "service",
        "--json",
        "--listen",
        "tls://127.0.0.1:0",
        "--router",
        &address,
        "--set",
        "router.identity_file=router/identity.pub",
        "--state-dir",
        "service",
    ];
    let mut service = Program::start(tuyau(directory, words));
    let registered = router.event("registered", |_| true);
    let who = registered["identity"].as_str().unwrap();
    service.event("registered", |_| true);
    // It has bound a handle to answer the greeting.
    router.event("received", |_| true);

    let reload = [&["policy", "reload"], &SOCKET[..]].concat();
    let shown = |words: &[&str]| {
        let output = run(directory, words);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        shown(&reload),
        "policy.yaml is in force: the rules are the same as before\n"
    );

    // A file that is not valid changes nothing, and both sides say what is wrong with it.
    fs::write(
        directory.join("policy.yaml"),
        "rules:\n- {allow: [send], whom: [everyone], who: [everyone]}\n",
    )
    .unwrap();
    let error = fail(directory, &reload);
    assert!(
        error.contains("the policy stays as it was\npolicy.yaml:2:19: unknown key `whom`, did you"),
        "{error}"
    );
    let refused = router.event("policy-refused", |_| true);
    let text = refused["text"].as_str().unwrap();
    assert!(
        text.contains("the present one stays: policy.yaml:2:19: unknown key `whom`"),
        "{text}"
    );

    let explain = ["policy", "explain", "--running", who, "listen"];
    let explain = [&explain[..], &SOCKET].concat();
    assert!(shown(&explain).starts_with("allowed by the rule at policy.yaml:1\n"));

    fs::write(directory.join("policy.yaml"), DENY).unwrap();
    assert!(
        shown(&explain).starts_with("allowed"),
        "it was not read yet"
    );
    let json: Value = serde_json::from_str(&shown(&[&reload[..], &["--json"]].concat())).unwrap();
    assert_eq!(
        (&json["same"], &json["registrations"], &json["handles"]),
        (&false.into(), &1.into(), &1.into())
    );
    let revoked = router.event("revoked", |_| true);
    assert_eq!(revoked["identity"], registered["identity"]);
    service.event("refused", |event| event["code"] == "not allowed");
    let told = shown(&[&explain[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (
            &told["allowed"],
            &told["rule"]["name"],
            &told["rule"]["line"]
        ),
        (&false.into(), &"nobody any more".into(), &2.into())
    );
    assert_eq!(told["file"], "policy.yaml");

    // The signal does the same, and the service is back.
    fs::write(directory.join("policy.yaml"), ALLOW).unwrap();
    router.signal("HUP");
    router.event("policy-replaced", |_| true);
    router.event("registered", |event| {
        event["identity"] == registered["identity"]
    });
    router.signal("TERM");
    assert!(router.wait().success());
}

#[test]
fn a_router_without_a_policy_file_has_none_to_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let [alice] = identities(directory, ["alice.pem"]);
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    router.listening();
    let error = fail(directory, &[&["policy", "reload"], &SOCKET[..]].concat());
    assert!(error.contains("set `policy_file`"), "{error}");
    router.signal("HUP");
    router.event("policy-refused", |_| true);
    let words = ["policy", "explain", "--running", &alice, "listen"];
    let output = run(directory, &[&words[..], &SOCKET].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("allowed by default: no rule of the policy in force matches\n"),
        "{text}"
    );
}
