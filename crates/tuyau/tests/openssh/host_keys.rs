//! Whom the dialling side trusts.

use std::{fs, process::Command};

use tuyau::ssh::{Error, Kind, Open, Settings};

use crate::support::{Sshd, keygen, read_to_end};

/// The error of a server that is not trusted, and its text.
async fn refusal(server: &Sshd, settings: Settings) -> (Error, String) {
    let settings = settings.key(server.user_key());
    let opened = server.open(settings, Open::command("true")).await;
    let error = opened.unwrap_err();
    // Nothing was proved to it.
    assert!(!server.log().contains("Accepted"));
    let text = error.to_string();
    (error, text)
}

fn fingerprint(server: &Sshd, file: &str) -> String {
    let listed = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(server.path(file))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.split(' ').nth(1).unwrap().to_owned()
}

pub(crate) async fn an_unknown_host_is_refused_with_the_line_that_would_make_it_known() {
    let server = Sshd::start().await;
    let nobody = Settings::new().known_hosts_file(server.path("empty"));
    let (_, text) = refusal(&server, nobody).await;
    assert!(
        text.contains(&fingerprint(&server, "host_ed25519.pub")),
        "{text}"
    );
    // The line at the end makes it known.
    let (_, line) = text.rsplit_once("known_hosts: ").unwrap();
    fs::write(server.path("learnt"), line).unwrap();
    let settings = Settings::new()
        .known_hosts_file(server.path("learnt"))
        .key(server.user_key());
    let mut flow = server
        .open(settings, Open::command("echo in"))
        .await
        .unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"in\n");
}

pub(crate) async fn a_changed_host_key_is_refused_with_its_line_and_both_fingerprints() {
    let server = Sshd::start().await;
    keygen(
        server.directory.path(),
        "other",
        &["-t", "ed25519", "-N", ""],
    );
    let other = fs::read_to_string(server.path("other.pub")).unwrap();
    let file = server.known_hosts(|_| format!("# mine\n{} {other}", server.name()));
    let (error, text) = refusal(&server, Settings::new().known_hosts_file(&file)).await;
    assert!(matches!(error.kind(), Kind::HostKeyChanged { .. }));
    for part in [
        format!("{} line 2", file.display()),
        fingerprint(&server, "other.pub"),
        fingerprint(&server, "host_ed25519.pub"),
        "ask its operator".to_owned(),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    // Trusting new hosts does not mean trusting changed ones.
    let settings = Settings::new().known_hosts_file(&file).accept_new_hosts();
    refusal(&server, settings.clone()).await;
    let settings = settings.key(server.user_key());
    let stage = server.stage_of_failure(settings.connector(), Open::command("true"));
    assert_eq!(stage.await, "ssh", "before anything was proved to it");
}

pub(crate) async fn a_revoked_host_key_is_refused() {
    let server = Sshd::start().await;
    let file = server.known_hosts(|line| format!("{line}@revoked {line}"));
    let (error, text) = refusal(&server, Settings::new().known_hosts_file(&file)).await;
    assert!(matches!(error.kind(), Kind::HostKeyRevoked { .. }));
    assert!(
        text.contains(&format!("{} line 2", file.display())),
        "{text}"
    );
}

pub(crate) async fn hashed_names_are_known() {
    let server = Sshd::start().await;
    let file = server.known_hosts(|line| line);
    let hashed = Command::new("ssh-keygen").arg("-Hf").arg(&file).output();
    assert!(hashed.unwrap().status.success());
    assert!(fs::read_to_string(&file).unwrap().starts_with("|1|"));
    let settings = Settings::new()
        .known_hosts_file(file)
        .key(server.user_key());
    server.open(settings, Open::command("true")).await.unwrap();
}

pub(crate) async fn a_new_host_is_learnt_only_when_that_is_wanted() {
    let server = Sshd::start().await;
    let file = server.path("learnt");
    let settings = Settings::new()
        .known_hosts_file(&file)
        .key(server.user_key())
        .accept_new_hosts();
    server.open(settings, Open::command("true")).await.unwrap();
    let found = Command::new("ssh-keygen")
        .args(["-F", &server.name(), "-f"])
        .arg(&file)
        .output();
    assert!(found.unwrap().status.success());
    let settings = Settings::new()
        .known_hosts_file(&file)
        .key(server.user_key());
    server.open(settings, Open::command("true")).await.unwrap();
}

pub(crate) async fn a_server_is_asked_for_the_kind_of_key_that_is_known() {
    let directory = tempfile::tempdir().unwrap();
    keygen(
        directory.path(),
        "rsa",
        &["-t", "rsa", "-b", "2048", "-N", ""],
    );
    let key = directory.path().join("rsa");
    let server = Sshd::with(&format!("HostKey {}", key.display())).await;
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let file = server.known_hosts(|_| format!("{} {public}", server.name()));
    let settings = Settings::new()
        .known_hosts_file(file)
        .key(server.user_key());
    let flow = server.open(settings, Open::command("true")).await.unwrap();
    assert_eq!(flow.host_key().unwrap().0.algorithm(), "ssh-rsa");
}

pub(crate) async fn any_host_key_is_accepted_only_under_a_name_that_says_danger() {
    use tuyau_core::{Layer, Security};

    let server = Sshd::start().await;
    let settings = Settings::new().danger_accept_any_host_key();
    let connector = settings.clone().connector();
    let security = Layer::<tuyau::mem::Flow>::security(&connector);
    assert_eq!(security, Security::Encrypted);
    let settings = settings.key(server.user_key());
    server.open(settings, Open::command("true")).await.unwrap();
    let connector = Settings::new().connector();
    let security = Layer::<tuyau::mem::Flow>::security(&connector);
    assert_eq!(security, Security::Authenticated);
}
