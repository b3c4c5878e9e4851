//! Each example runs to its end: it verifies what it did, and says so by its exit code.

use std::process::Command;

#[track_caller]
fn runs(program: &str, expected: &[&str]) {
    let output = Command::new(program).output().expect("the example starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} failed:\n{text}{errors}");
    for part in expected {
        assert!(text.contains(part), "expected {part:?} in:\n{text}");
    }
}

#[test]
fn the_application_connects_and_shows_its_report() {
    let expected = [
        "would be tried",
        "connection refused",
        "at tls:  connected",
        "tea!",
    ];
    runs(env!("CARGO_BIN_EXE_application"), &expected);
}

#[test]
fn the_library_runs_over_memory_and_over_tls() {
    let expected = [
        "over mem://shouter",
        "over tls://127.0.0.1",
        "cannot be reached",
    ];
    runs(env!("CARGO_BIN_EXE_library"), &expected);
}

#[test]
fn the_protocol_is_connected_by_its_own_endpoints() {
    let expected = [
        "7  over intercom",
        "the kitchen got: tea, please",
        "intercom://9",
    ];
    runs(env!("CARGO_BIN_EXE_protocol"), &expected);
}

#[test]
fn the_layer_masks_what_goes_over_the_flow_beneath() {
    runs(env!("CARGO_BIN_EXE_layer"), &["?mask=7", "which is masked"]);
}
