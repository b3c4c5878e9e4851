//! The program as a whole: exit codes, where things are printed, and what becomes of files.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
};

use serde_json::Value;

use crate::program::{run, tuyau};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Checks the exit code and gives what was printed and what was complained.
#[track_caller]
fn expect(code: i32, output: &Output) -> (&str, &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout:\n{out}\nstderr:\n{err}"
    );
    (out, err)
}

#[test]
fn help_is_printed_with_success_and_usage_errors_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let levels: [&[&str]; 5] = [
        &["--help"],
        &["key", "--help"],
        &["key", "new", "--help"],
        &["state", "--help"],
        &["doctor", "--help"],
    ];
    for words in levels {
        let output = run(directory.path(), words);
        let (out, err) = expect(0, &output);
        assert!(out.contains("Example") && err.is_empty(), "{out}{err}");
    }
    let wrong: [&[&str]; 5] = [
        &[],
        &["nonsense"],
        &["key", "show"],
        &["router", "--nonsense"],
        &["demo", "--json"],
    ];
    for words in wrong {
        let output = run(directory.path(), words);
        let (out, err) = expect(2, &output);
        assert!(out.is_empty() && err.contains("Usage"), "{out}{err}");
    }
}

#[test]
fn an_unknown_command_is_told_which_ones_there_are() {
    let directory = tempfile::tempdir().unwrap();
    for (words, told) in [
        (&["bogus"][..], "the commands are demo, router, service, "),
        (&["key", "bogus"], "the commands are new, show\n"),
        (&["rooter"], "'router'"),
    ] {
        let output = run(directory.path(), words);
        let (_, err) = expect(2, &output);
        assert!(err.contains(told), "{err}");
    }
}

#[test]
fn a_new_key_is_made_once_and_shown_again() {
    let directory = tempfile::tempdir().unwrap();
    let (here, file) = (directory.path(), directory.path().join("a.pem"));
    let made = run(here, &["key", "new", "--out", "a.pem"]);
    let identity = expect(0, &made).0.lines().next().unwrap().to_owned();
    assert!(
        identity.starts_with("tuyau1") && identity.len() == 64,
        "{identity}"
    );
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let shown = run(here, &["key", "show", "a.pem"]);
    assert_eq!(expect(0, &shown).0.trim(), identity);
    let content = fs::read(&file).unwrap();
    let again = run(here, &["key", "new", "--out", "a.pem"]);
    let (out, err) = expect(1, &again);
    assert!(
        out.is_empty() && err.starts_with("error: key file a.pem: "),
        "{err}"
    );
    assert!(err.contains("never overwritten"), "{err}");
    assert_eq!(fs::read(&file).unwrap(), content);
}

#[test]
fn an_identity_file_is_shown_like_a_key_file() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let made = run(here, &["key", "new", "--out", "a.pem", "--json"]);
    let made: Value = serde_json::from_str(expect(0, &made).0).unwrap();
    let identity = made["identity"].as_str().unwrap();
    assert_eq!(
        (&made["file"], &made["secret"]),
        (&Value::from("a.pem"), &Value::from(true))
    );
    fs::write(here.join("a.pub"), format!("{identity}\n")).unwrap();
    let shown = run(here, &["key", "show", "a.pub", "--json"]);
    let shown: Value = serde_json::from_str(expect(0, &shown).0).unwrap();
    assert_eq!(
        (&shown["identity"], &shown["secret"]),
        (&made["identity"], &Value::from(false))
    );

    // One wrong character is found.
    let mut wrong = identity.to_owned();
    let other = if &wrong[20..21] == "q" { "p" } else { "q" };
    wrong.replace_range(20..21, other);
    fs::write(here.join("a.pub"), wrong).unwrap();
    let shown = run(here, &["key", "show", "a.pub"]);
    let (_, err) = expect(1, &shown);
    assert!(err.starts_with("error: identity file a.pub: "), "{err}");
}

#[test]
fn a_key_file_that_others_can_read_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    expect(0, &run(here, &["key", "new"]));
    fs::set_permissions(here.join("identity.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    for words in [
        &["key", "show", "identity.pem"][..],
        &["doctor", "tls://127.0.0.1:1", "--key", "identity.pem"],
    ] {
        let output = run(here, words);
        let (_, err) = expect(1, &output);
        assert!(
            err.contains("found 0644") && err.contains("chmod 600 identity.pem"),
            "{err}"
        );
    }
}

#[test]
fn a_file_that_is_no_key_is_not_to_change_its_mode() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    fs::set_permissions(here.join("passwd"), fs::Permissions::from_mode(0o644)).unwrap();
    let output = run(here, &["key", "show", "passwd"]);
    let (_, err) = expect(1, &output);
    assert!(
        err.contains("no PEM private key") && !err.contains("chmod"),
        "{err}"
    );
}

#[test]
fn nobody_reads_the_output_and_nothing_panics() {
    let directory = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 4] = [
        &["--help"],
        &["key", "new"],
        &["key", "show", "identity.pem"],
        &["doctor", "nonsense"],
    ];
    for words in commands {
        let mut child = tuyau(directory.path(), words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = text(&output.stderr);
        assert!(!err.contains("panicked"), "{words:?}: {err}");
        assert!(
            output.status.code().is_some(),
            "{words:?}: {}",
            output.status
        );
    }
    // The key was made all the same.
    assert!(directory.path().join("identity.pem").exists());
}

#[test]
fn check_tells_a_valid_configuration_from_another() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(
        here.join("good.yaml"),
        "name: test\nlisten: tls://127.0.0.1:7001\n",
    )
    .unwrap();
    fs::write(here.join("bad.yaml"), "lisen: [tls://127.0.0.1:7001]\n").unwrap();

    let output = run(here, &["check", "good.yaml"]);
    let (out, _) = expect(0, &output);
    assert!(out.contains("valid service configuration"), "{out}");
    let output = run(here, &["check", "good.yaml", "--json"]);
    let good: Value = serde_json::from_str(expect(0, &output).0).unwrap();
    assert_eq!(good["ok"], true);

    let output = run(here, &["check", "bad.yaml"]);
    let (out, err) = expect(1, &output);
    assert!(out.is_empty() && err.contains("bad.yaml:1:1: "), "{err}");
    assert!(err.contains("did you mean `listen`"), "{err}");
    let output = run(here, &["check", "bad.yaml", "--json"]);
    let (out, err) = expect(1, &output);
    assert!(err.is_empty(), "{err}");
    let bad: Value = serde_json::from_str(out).unwrap();
    assert_eq!(bad["ok"], false);
    assert_eq!(
        (&bad["errors"][0]["line"], &bad["errors"][0]["column"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn a_service_whose_port_is_taken_says_which_one() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tls://{}", taken.local_addr().unwrap());
    let output = run(directory.path(), &["service", "--listen", &address]);
    let (_, err) = expect(1, &output);
    assert!(err.contains(&address) && err.contains("in use"), "{err}");
}

#[test]
fn a_service_that_is_configured_wrongly_fails_with_1() {
    let directory = tempfile::tempdir().unwrap();
    for words in [
        &["--set", "nonsense=1"][..],
        &["--listen", "nonsense"],
        &["--config", "none.yaml"],
    ] {
        let output = run(directory.path(), &[&["service"], words].concat());
        let (out, err) = expect(1, &output);
        assert!(out.is_empty() && err.starts_with("error: "), "{err}");
    }
}

#[test]
fn a_state_directory_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let output = run(directory.path(), &["service", "--state-dir", "file/state"]);
    let (_, err) = expect(1, &output);
    assert!(
        err.contains("state directory file/state") && err.contains("expected a directory"),
        "{err}"
    );
}

#[test]
fn doctor_prints_its_report_and_fails_with_1() {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tls://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = run(directory.path(), &["doctor", &address]);
    let (out, err) = expect(1, &output);
    assert!(
        out.contains("connect  FAILED") && out.contains("to do: "),
        "{out}"
    );
    assert!(err.is_empty(), "{err}");
    let output = run(directory.path(), &["doctor", &address, "--json"]);
    let report: Value = serde_json::from_str(expect(1, &output).0).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["steps"][2]["outcome"], "failed");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
