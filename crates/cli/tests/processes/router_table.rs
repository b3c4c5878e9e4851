//! Connecting to a service by its identity: a router tells the way.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Program, fail, run, tuyau};

/// A router and a service that is registered with it: where the router is, and who the service is.
fn start(directory: &Path) -> (Program, Program, String, String) {
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let (address, service, identity) = register(directory, router.listening());
    (router, service, address, identity)
}

/// A service that is registered with the router at an address, and who it is.
fn register(directory: &Path, address: String) -> (String, Program, String) {
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
    let registered = service.event("registered", |_| true);
    let identity = registered["identity"].as_str().unwrap().to_owned();
    (address, service, identity)
}

#[test]
fn connects_to_an_identity_by_the_table_of_a_router() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (_router, _service, address, identity) = start(path);
    let router = [
        "--router",
        &address,
        "--router-identity-file",
        "router/identity.pub",
    ];

    let plan = [&["connect", &*identity, "--plan"], &router[..]].concat();
    let output = run(path, &plan);
    let plan = String::from_utf8(output.stdout).unwrap();
    assert!(
        plan.contains("over tls/tcp  from router  would be tried"),
        "{plan}"
    );

    let words = [
        "connect",
        &*identity,
        "--json",
        "--at-least",
        "authenticated",
    ];
    let output = run(path, &[&words[..], &router].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["event"], "connected", "{said}");
    assert_eq!(said["flow"]["identity"], *identity, "{said}");
    assert_eq!(said["attempts"][0]["resolver"], "router", "{said}");
}

#[test]
fn a_router_whose_lookups_are_switched_off_tells_no_routes() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let words = [
        "router",
        "--json",
        "--listen",
        "tls://127.0.0.1:0",
        "--state-dir",
        "router",
        "--set",
        "lookups=false",
    ];
    let mut router = Program::start(tuyau(path, words));
    let (address, _service, identity) = register(path, router.listening());
    let words = [
        "connect",
        &identity,
        "--router",
        &address,
        "--router-identity-file",
        "router/identity.pub",
    ];
    let error = fail(path, &words);
    let expected = "the router does not answer lookups: its operator has switched them off";
    assert!(error.contains(expected), "{error}");
}

/// Law 7: a person sees that it is the router who does not know the way.
#[test]
fn law_7_an_identity_that_is_not_registered_is_said_to_be_so() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (_router, _service, address, identity) = start(path);
    let nobody = run(path, &["key", "new", "--out", "nobody.pem"]).stdout;
    let nobody = String::from_utf8(nobody).unwrap();
    let nobody = nobody.lines().next().unwrap();
    let router = [
        "--router",
        &address,
        "--router-identity-file",
        "router/identity.pub",
    ];
    let error = fail(path, &[&["connect", nobody], &router[..]].concat());
    assert!(error.contains("no endpoint was found"), "{error}");
    let row = "resolving  for tls/tcp  by router  at resolve:  the router refused the request: unreachable: ";
    assert!(error.contains(row), "{error}");
    assert!(error.contains("is not registered here"), "{error}");

    let error = fail(path, &["connect", &identity]);
    assert!(
        error.contains("name one with --router and --router-identity"),
        "{error}"
    );
    let error = fail(path, &[&["connect", "x:1"], &router[..]].concat());
    assert!(
        error.contains("with --router the name is an identity"),
        "{error}"
    );
    let wrong = ["--router", &address, "--router-identity", nobody];
    let error = fail(path, &[&["connect", &*identity], &wrong[..]].concat());
    assert!(
        error.contains(&format!("but {nobody} was expected")),
        "{error}"
    );
    let words = ["connect", &*identity, "--router", &address];
    assert_eq!(run(path, &words).status.code(), Some(2));
}
