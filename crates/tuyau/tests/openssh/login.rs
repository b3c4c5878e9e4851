//! How this side proves itself.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
};

use tuyau::ssh::{KeyError, Kind, Open, PrivateKey, Settings};

use crate::support::{Sshd, keygen, user};

fn authorize(server: &Sshd, key: &str) {
    let public = server.path(key).with_extension("pub");
    fs::copy(public, server.path("authorized_keys")).unwrap();
}

pub(crate) async fn keys_of_every_kind_are_let_in() {
    let server = Sshd::start().await;
    for (name, arguments) in [
        ("ecdsa", &["-t", "ecdsa", "-N", ""][..]),
        ("rsa", &["-t", "rsa", "-b", "2048", "-N", ""][..]),
        (
            "pem",
            &["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""][..],
        ),
        ("pkcs8", &["-t", "ecdsa", "-m", "PKCS8", "-N", ""][..]),
    ] {
        keygen(server.directory.path(), name, arguments);
        authorize(&server, name);
        let key = PrivateKey::read_file(server.path(name), None).unwrap();
        let known = server.known_hosts(|line| line);
        let settings = Settings::new().known_hosts_file(known).key(key);
        let opened = server.open(settings, Open::command("true")).await;
        opened.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

pub(crate) async fn an_encrypted_key_wants_its_own_passphrase() {
    let server = Sshd::start().await;
    keygen(
        server.directory.path(),
        "locked",
        &["-t", "ed25519", "-N", "open sesame"],
    );
    authorize(&server, "locked");
    let file = server.path("locked");
    let kind = |error| match error {
        KeyError::In(path, error) if path == file => *error,
        other => panic!("{other:?}"),
    };
    let error = kind(PrivateKey::read_file(&file, None).unwrap_err());
    assert!(matches!(error, KeyError::NeedsPassphrase), "{error:?}");
    let error = kind(PrivateKey::read_file(&file, Some("open barley")).unwrap_err());
    assert!(matches!(error, KeyError::WrongPassphrase), "{error:?}");
    let key = PrivateKey::read_file(&file, Some("open sesame")).unwrap();
    let known = server.known_hosts(|line| line);
    let settings = Settings::new().known_hosts_file(known).key(key);
    server.open(settings, Open::command("true")).await.unwrap();
}

pub(crate) async fn what_is_no_private_key_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    keygen(directory.path(), "key", &["-t", "ed25519", "-N", ""]);
    let path = |name| directory.path().join(name);
    let refused = |name| {
        PrivateKey::read_file(path(name), None)
            .unwrap_err()
            .to_string()
    };
    assert!(refused("key.pub").contains("the private one is in the file without `.pub`"));
    assert!(refused("absent").contains("cannot be read"));
    fs::write(path("garbage"), "garbage").unwrap();
    assert!(refused("garbage").contains("as `ssh-keygen` writes it"));
    let text = fs::read_to_string(path("key")).unwrap();
    fs::write(path("short"), &text[..text.len() / 2]).unwrap();
    assert!(refused("short").contains("as `ssh-keygen` writes it"));
}

pub(crate) async fn a_refused_user_is_told_what_was_tried_and_what_is_wanted() {
    let server = Sshd::start().await;
    keygen(
        server.directory.path(),
        "stranger",
        &["-t", "ed25519", "-N", ""],
    );
    let known = server.known_hosts(|line| line);
    let settings = Settings::new()
        .known_hosts_file(&known)
        .key(PrivateKey::read_file(server.path("stranger"), None).unwrap())
        .password("guess");
    let error = server.open(settings, Open::command("true")).await;
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), Kind::Refused { .. }), "{error:?}");
    let text = error.to_string();
    let expected = format!("did not let {} in; tried: the key", user());
    assert!(text.contains(&expected), "{text}");
    assert!(text.contains("stranger (SHA256:"), "{text}");
    assert!(text.contains("it would take: publickey"), "{text}");
    assert!(!text.contains("guess"));
    let settings = Settings::new().known_hosts_file(known);
    let error = server.open(settings, Open::command("true")).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("tried: nothing"), "{text}");
    let command = || Open::command("true");
    let settings = Settings::new().known_hosts_file(server.known_hosts(|line| line));
    let stage = server
        .stage_of_failure(settings.connector(), command())
        .await;
    assert_eq!(stage, "authenticate");
    // A host that is not known is refused before.
    let stage = server
        .stage_of_failure(Settings::new().connector(), command())
        .await;
    assert_eq!(stage, "ssh");
}

/// OpenSSH's agent with one key.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) async fn the_keys_of_an_agent_are_let_in() {
    let server = Sshd::start().await;
    let socket = server.path("agent");
    let agent = Command::new("ssh-agent")
        .args(["-D", "-a"])
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn();
    let _agent = Agent(agent.expect("ssh-agent starts"));
    while !socket.exists() {
        tokio::task::yield_now().await;
    }
    fs::set_permissions(server.path("user"), fs::Permissions::from_mode(0o600)).unwrap();
    let added = Command::new("ssh-add")
        .env("SSH_AUTH_SOCK", &socket)
        .arg("-q")
        .arg(server.path("user"))
        .status();
    assert!(added.unwrap().success());
    let known = server.known_hosts(|line| line);
    let settings = Settings::new().known_hosts_file(known).agent(&socket);
    server.open(settings, Open::command("true")).await.unwrap();
}

pub(crate) async fn an_agent_that_is_not_there_is_mentioned() {
    let server = Sshd::start().await;
    let known = server.known_hosts(|line| line);
    let settings = Settings::new()
        .known_hosts_file(known)
        .agent(server.path("no-agent"));
    let error = server.open(settings, Open::command("true")).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("tried: no agent ("), "{text}");
}
