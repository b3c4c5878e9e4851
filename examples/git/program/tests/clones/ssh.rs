//! `ssh://`, from OpenSSH's server.

use std::{fs, path::Path, process::Command};

use crate::{
    daemon::daemon,
    repository::{compare, compare_bare, generate},
    server::{Server, start},
    support::{Place, succeed},
    web::web,
};

/// OpenSSH's server with keys of its own.
fn sshd(place: &Place, more: &str) -> (Server, u16) {
    for name in ["host", "user"] {
        let mut keygen = place.command("ssh-keygen");
        succeed(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", name]));
    }
    // Where sshd wants to change its root to, when root starts it.
    let _ = fs::create_dir_all("/run/sshd");
    let places = ["/usr/sbin/sshd", "/usr/bin/sshd"].map(Path::new);
    let program = places.into_iter().find(|path| path.exists());
    let program = program.expect("sshd is installed; it is in Debian's package openssh-server");
    let here = place.path("").display().to_string();
    let (server, [port]) = start(|[port]| {
        let configuration = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {here}host\n\
             AuthorizedKeysFile {here}user.pub\nPidFile none\nUsePAM no\nStrictModes no\n{more}\n"
        );
        let file = place.path("sshd_config");
        fs::write(&file, configuration).unwrap();
        let mut command = place.command(program);
        command.args(["-D", "-e", "-f"]).arg(file);
        command.stderr(fs::File::create(place.path("sshd.log")).unwrap());
        command
    });
    let key = fs::read_to_string(place.path("host.pub")).unwrap();
    fs::write(
        place.path("known_hosts"),
        format!("[127.0.0.1]:{port} {key}"),
    )
    .unwrap();
    (server, port)
}

fn url(place: &Place, port: u16, name: &str) -> String {
    let user = succeed(Command::new("id").arg("-un"));
    let path = place.path("served").join(name);
    format!("ssh://{}@127.0.0.1:{port}{}", user.trim(), path.display())
}

const FILES: [&str; 4] = ["--known-hosts", "known_hosts", "--key", "user"];

fn clone(place: &Place, more: &[&str]) -> (bool, String) {
    place.clone(&[&FILES[..], more].concat())
}

#[test]
fn a_repository_is_cloned_in_the_newest_protocol_and_in_the_oldest() {
    let place = Place::new();
    generate(&place);
    // A server that takes the variable speaks version 2, any other version 0.
    let (server, port) = sshd(&place, "AcceptEnv GIT_PROTOCOL");
    let (cloned, text) = clone(&place, &[&url(&place, port, "big.git")]);
    assert!(cloned, "{text}");
    compare(&place, "big");
    drop(server);
    fs::remove_file(place.path("host")).unwrap();
    fs::remove_file(place.path("user")).unwrap();
    let (_server, port) = sshd(&place, "");
    let (cloned, text) = clone(&place, &["--bare", &url(&place, port, "big.git"), "bare"]);
    assert!(cloned, "{text}");
    compare_bare(&place, "bare");
}

/// Law 6: a forced protocol gives its own flow, which tells the host key.
#[test]
fn only_ssh_gives_the_host_key_and_refuses_the_others() {
    let place = Place::new();
    generate(&place);
    let (_server, port) = sshd(&place, "AcceptEnv GIT_PROTOCOL");
    let only = ["--only", "ssh"];
    let url = url(&place, port, "big.git");
    let (cloned, text) = clone(&place, &[&only[..], &[&url]].concat());
    assert!(cloned, "{text}");
    let mut keygen = place.command("ssh-keygen");
    let listed = succeed(keygen.args(["-lf", "host.pub"]));
    let fingerprint = listed.split(' ').nth(1).unwrap();
    let expected = format!("the server's key is ssh-ed25519 {fingerprint}\n");
    assert!(text.contains(&expected), "{text}");
    compare(&place, "big");

    let (_daemon, git) = daemon(&place);
    let (_web, [http, https]) = web(&place);
    for url in [
        format!("git://127.0.0.1:{git}/big.git"),
        format!("http://127.0.0.1:{http}/git/big.git"),
        format!("https://127.0.0.1:{https}/git/big.git"),
    ] {
        let arguments = ["--ca", "ca.pem", &url, "other"];
        let (cloned, text) = clone(&place, &[&only[..], &arguments[..]].concat());
        assert!(!cloned, "{url}: {text}");
        assert!(
            text.contains("another key or protocol was forced"),
            "{text}"
        );
        assert!(!place.path("other").exists());
    }
}

#[test]
fn what_the_command_complains_of_is_told() {
    let place = Place::new();
    generate(&place);
    let (_server, port) = sshd(&place, "");
    let (cloned, text) = clone(&place, &[&url(&place, port, "absent.git")]);
    assert!(!cloned);
    assert!(text.contains("the server: fatal:"), "{text}");
    assert!(text.contains("absent.git"), "{text}");
}

#[test]
fn a_server_with_an_unknown_key_is_refused() {
    let place = Place::new();
    generate(&place);
    let (_server, port) = sshd(&place, "");
    fs::write(place.path("known_hosts"), "").unwrap();
    let (cloned, text) = clone(&place, &[&url(&place, port, "big.git")]);
    assert!(!cloned);
    assert!(
        text.contains("is not known: the server proved ssh-ed25519 SHA256:"),
        "{text}"
    );
    assert!(!place.path("big").exists());
}
