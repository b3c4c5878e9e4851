//! `git://`, from git's own daemon.

use std::process::Stdio;

use crate::{
    repository::{compare, compare_bare, generate},
    server::{Server, start},
    support::{Place, of_git},
};

pub(crate) fn daemon(place: &Place) -> (Server, u16) {
    let (server, [port]) = start(|[port]| {
        let mut command = place.command(of_git("git-daemon"));
        command
            .args(["--reuseaddr", "--export-all", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", place.path("served").display()))
            .arg(place.path("served"))
            .stderr(Stdio::null());
        command
    });
    (server, port)
}

#[test]
fn a_daemon_s_repository_is_cloned_whole() {
    let place = Place::new();
    generate(&place);
    let (_server, port) = daemon(&place);
    let url = format!("git://127.0.0.1:{port}/big.git");
    let (cloned, text) = place.clone(&[&url]);
    assert!(cloned, "{text}");
    compare(&place, "big");
    let (cloned, text) = place.clone(&["--bare", &url, "bare"]);
    assert!(cloned, "{text}");
    compare_bare(&place, "bare");
    // What is there is left alone.
    let (cloned, text) = place.clone(&[&url]);
    assert!(!cloned);
    assert!(text.contains("is there already"), "{text}");
}

#[test]
fn an_empty_repository_is_cloned_and_one_that_is_not_there_is_not() {
    let place = Place::new();
    generate(&place);
    let (_server, port) = daemon(&place);
    let url = |name| format!("git://127.0.0.1:{port}/{name}");
    let (cloned, text) = place.clone(&[&url("empty.git")]);
    assert!(cloned, "{text}");
    assert!(text.contains("0 objects, 0 references"), "{text}");
    place.git("empty", &["status"]);
    let (cloned, text) = place.clone(&[&url("absent.git")]);
    assert!(!cloned);
    assert!(text.contains("absent.git"), "{text}");
    // Nothing is left of it.
    assert!(!place.path("absent").exists());
}

#[test]
fn a_server_that_is_not_there_is_told_in_a_report() {
    let place = Place::new();
    let port = crate::server::free_port();
    let (cloned, text) = place.clone(&[&format!("git://127.0.0.1:{port}/big.git")]);
    assert!(!cloned);
    assert!(text.contains("every attempt failed"), "{text}");
    assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
    assert!(text.contains("refused"), "{text}");
    assert!(!place.path("big").exists());
}
