//! `tuyau connect`: what is copied, what is said, and how it ends.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixListener,
    path::Path,
    process::{Child, Output, Stdio},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    held_port::HeldPort,
    program::{fail, run, tuyau},
};

/// Starts the program with everything piped.
pub(crate) fn start(directory: &Path, words: &[&str]) -> Child {
    let mut command = tuyau(directory, words);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    piped.stderr(Stdio::piped()).spawn().unwrap()
}

/// Gives the program all of `input` and waits for its end.
pub(crate) fn feed(mut child: Child, input: &[u8]) -> Output {
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server that does this with its first connection, and its port.
fn server<F: FnOnce(TcpStream) + Send + 'static>(serve: F) -> (u16, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (
        port,
        thread::spawn(move || serve(listener.accept().unwrap().0)),
    )
}

/// Answers in capitals, when everything has come.
fn shout(mut stream: impl std::io::Read + std::io::Write) {
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    stream.write_all(&heard.to_ascii_uppercase()).unwrap();
}

/// The program listening, its address, and the line that said so.
fn listening(directory: &Path, words: &[&str]) -> (Child, String) {
    let mut child = start(directory, words);
    let mut said = Vec::new();
    let mut byte = [0];
    let errors = child.stderr.as_mut().unwrap();
    while errors.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        said.push(byte[0]);
    }
    let said = text(&said);
    let address = said
        .strip_prefix("listening on ")
        .unwrap_or_else(|| panic!("{said}"));
    let address = address.split(' ').next().unwrap().to_owned();
    (child, address)
}

fn new_key(directory: &Path, file: &str) -> String {
    let output = run(directory, &["key", "new", "--out", file, "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    shown["identity"].as_str().unwrap().to_owned()
}

#[test]
fn copies_to_the_end_of_each_direction() {
    let directory = TempDir::new().unwrap();
    let (port, served) = server(shout);
    let child = start(
        directory.path(),
        &["connect", &format!("tcp://127.0.0.1:{port}")],
    );
    let input = b"hello ".repeat(100_000);
    let output = feed(child, &input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stdout == input.to_ascii_uppercase());
    assert_eq!(text(&output.stderr), "");
    served.join().unwrap();
}

#[test]
fn connects_over_a_unix_socket() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("x.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let served = thread::spawn(move || shout(listener.accept().unwrap().0));
    let address = format!("unix://{}", path.display());
    let output = feed(start(directory.path(), &["connect", &address, "-v"]), b"hi");
    assert_eq!(text(&output.stdout), "HI", "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(
        said.contains(&format!("connected to {address}\n")),
        "{said}"
    );
    assert!(said.contains("over unix  from address"), "{said}");
    served.join().unwrap();
}

#[test]
fn two_programs_talk_over_tls_and_know_each_other() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (alice, bob) = (new_key(path, "alice.pem"), new_key(path, "bob.pem"));
    let words = [
        "connect",
        "--listen",
        "tls://127.0.0.1:0",
        "--key",
        "bob.pem",
        "--identity",
        &alice,
        "-v",
    ];
    let (bob_runs, address) = listening(path, &words);
    let words = [
        "connect",
        &address,
        "--key",
        "alice.pem",
        "--identity",
        &bob,
        "-v",
        "--at-least",
        "authenticated",
    ];
    let alice_runs = start(path, &words);
    let answering = thread::spawn(move || feed(bob_runs, b"from bob"));
    let output = feed(alice_runs, b"from alice");
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(text(&output.stdout), "from bob");
    for part in [
        &*format!("connected to {address}\n"),
        "over tls/tcp",
        "at tls:  connected",
        &bob,
        "TLS 1.3",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let output = answering.join().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "from alice");
    assert!(text(&output.stderr).contains(&alice));
}

/// An authority's certificate in PEM, and a server that it vouches for as `localhost`.
fn web_server() -> (String, rustls::ServerConfig) {
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "test authority");
    let pem = pem(params.self_signed(&authority).unwrap().der());
    let issuer = rcgen::Issuer::new(params, authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "test server");
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"shout".to_vec()];
    (pem, config)
}

fn pem(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for chunk in der.chunks(3) {
        let number = (0..3).fold(0, |sum, at| {
            sum << 8 | u32::from(*chunk.get(at).unwrap_or(&0))
        });
        for digit in 0..4 {
            match digit <= chunk.len() {
                true => text.push(DIGITS[(number >> (18 - 6 * digit) & 63) as usize].into()),
                false => text.push('='),
            }
        }
    }
    text + "\n-----END CERTIFICATE-----\n"
}

#[test]
fn a_server_of_the_web_is_known_by_its_certificate() {
    let directory = TempDir::new().unwrap();
    let (ca, config) = web_server();
    fs::write(directory.path().join("ca.pem"), ca).unwrap();
    let config = std::sync::Arc::new(config);
    let (port, served) = server(move |stream| {
        let session = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        shout(&mut stream);
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    let address = format!("tls://127.0.0.1:{port}");
    let words = [
        "connect",
        &address,
        "--ca",
        "ca.pem",
        "--alpn",
        "shout",
        "-v",
        "--at-least",
        "authenticated",
    ];
    let output = feed(start(directory.path(), &words), b"hi");
    let said = text(&output.stderr);
    assert_eq!(text(&output.stdout), "HI", "{said}");
    assert!(output.status.success(), "{said}");
    for part in ["alpn   shout", "test server", "test authority", "TLS 1.3"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    served.join().unwrap();
    let error = fail(directory.path(), &["connect", "x:1", "--ca", "missing.pem"]);
    assert!(error.contains("missing.pem"), "{error}");
}

/// Law 7: who sees that it cannot connect sees the stage and the cause.
#[test]
fn law_7_the_wrong_peer_is_refused_with_a_report() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (alice, bob) = (new_key(path, "alice.pem"), new_key(path, "bob.pem"));
    let (mut listener, address) = listening(
        path,
        &[
            "connect",
            "--listen",
            "tls://127.0.0.1:0",
            "--key",
            "bob.pem",
        ],
    );
    let error = fail(path, &["connect", &address, "--identity", &alice]);
    let begin = format!("error: cannot connect to {address}: every attempt failed within ");
    assert!(error.starts_with(&begin), "{error}");
    let cause = format!("at tls:  the server proved the key {bob}, but {alice} was expected");
    assert!(error.contains(&cause), "{error}");
    listener.kill().unwrap();
    listener.wait().unwrap();
}

/// Law 7: who sees that nobody listens sees what to do.
#[test]
fn law_7_where_nobody_listens_there_is_something_to_do() {
    let directory = TempDir::new().unwrap();
    let port = HeldPort::new();
    let address = port.tls();
    let error = fail(directory.path(), &["connect", &address]);
    assert!(error.contains("at tcp:  connection refused\n"), "{error}");
    let remedy = "to do: nothing listens where the connection was refused; start the service, or \
                  check the address and the port";
    assert_eq!(error.lines().last().map(str::trim), Some(remedy), "{error}");

    let output = run(directory.path(), &["connect", &address, "--json"]);
    let said: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(said["error"].as_str().unwrap().ends_with(remedy), "{said}");
    let attempt = said["attempts"][0]["text"].as_str().unwrap();
    assert_eq!(
        attempt,
        "connection refused: nothing listens there; start the service, or check the address and the \
         port"
    );
}

/// Law 7: `plan` prints what would be tried without connecting.
#[test]
fn law_7_a_plan_connects_to_nothing() {
    let directory = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let words = ["connect", "127.0.0.1", "--port", &port, "--plan"];
    let output = run(directory.path(), &words);
    let plan = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let first = format!("  1. 127.0.0.1:{port}  over tls/tcp  from system  would be tried");
    assert_eq!(plan.lines().next(), Some(&*first), "{plan}");
    assert!(
        plan.contains("over tcp      from system  skipped: less secure")
            && plan.contains("; --allow-downgrade permits it"),
        "{plan}"
    );

    let output = run(
        directory.path(),
        &[&words[..], &["--json", "--allow-downgrade"]].concat(),
    );
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["event"], "plan");
    for name in ["stage", "started_ms", "took_ms"] {
        assert_eq!(plan["attempts"][0].get(name), None, "{plan}");
    }
    let of = |row: usize, name: &str| plan["attempts"][row][name].clone();
    assert_eq!(
        (of(0, "protocol"), of(0, "outcome")),
        ("tls/tcp".into(), "planned".into())
    );
    assert_eq!(
        (of(1, "protocol"), of(1, "outcome")),
        ("tcp".into(), "planned".into())
    );
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

/// Law 6: falling from secure to plain is skipped and reported unless it is allowed.
#[test]
fn law_6_a_bare_name_is_reached_without_tls_only_when_that_is_allowed() {
    let directory = TempDir::new().unwrap();
    let babble = |mut stream: TcpStream| {
        let _ = stream.write_all(b"220 this is not TLS\r\n");
    };
    let (port, served) = server(babble);
    let port = port.to_string();
    let words = ["connect", "127.0.0.1", "--port", &port];
    let error = fail(directory.path(), &words);
    assert!(
        error.contains("at tls:  expected TLS, but the server sent"),
        "{error}"
    );
    assert!(
        error.contains("skipped: less secure than another way to this name; --allow-downgrade"),
        "{error}"
    );
    served.join().unwrap();

    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let served = thread::spawn(move || {
        babble(listener.accept().unwrap().0);
        shout(listener.accept().unwrap().0);
    });
    let words = [&words[..], &["--allow-downgrade"]].concat();
    let output = feed(start(directory.path(), &words), b"plain");
    assert_eq!(text(&output.stdout), "PLAIN", "{}", text(&output.stderr));
    served.join().unwrap();
}

/// Law 6: a key can be forced, and a security floor set.
#[test]
fn law_6_only_what_is_asked_for_is_tried() {
    let directory = TempDir::new().unwrap();
    let (port, served) = server(shout);
    let name = format!("127.0.0.1:{port}");
    let plan = ["connect", &name, "--only", "tcp", "--plan", "--json"];
    let plan: Value = serde_json::from_slice(&run(directory.path(), &plan).stdout).unwrap();
    assert_eq!(plan["attempts"][0]["outcome"], "skipped", "{plan}");
    assert_eq!(
        plan["attempts"][0]["text"], "skipped: --only asks for another protocol",
        "{plan}"
    );
    assert_eq!(plan["attempts"][1]["outcome"], "planned", "{plan}");
    let error = fail(
        directory.path(),
        &["connect", &name, "--at-least", "authenticated"],
    );
    assert!(
        error.contains("nothing that was found may be tried"),
        "{error}"
    );
    assert!(
        error.contains("below the security that was asked for"),
        "{error}"
    );
    let child = start(directory.path(), &["connect", &name, "--only", "tcp"]);
    assert_eq!(text(&feed(child, b"x").stdout), "X");
    served.join().unwrap();
}

/// Law 6: whoever says who has to answer is never connected to what cannot prove it.
#[test]
fn law_6_what_cannot_prove_who_it_is_is_not_connected_to_where_somebody_is_expected() {
    let directory = TempDir::new().unwrap();
    let identity = tuyau_wire::SecretKey::from_seed([3; 32])
        .identity()
        .to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (plain, bare) = (
        format!("tcp://127.0.0.1:{port}"),
        format!("127.0.0.1:{port}"),
    );
    for words in [
        vec!["connect", &plain, "--identity", &identity],
        vec!["connect", &plain, "--web"],
        vec!["connect", &plain, "--alpn", "h2"],
        vec!["connect", &bare, "--identity", &identity, "--only", "tcp"],
        vec!["connect", "unix:///nowhere", "--identity", &identity],
    ] {
        let error = fail(directory.path(), &words);
        assert!(
            error.contains("skipped: below the security that was asked for; --identity, "),
            "{words:?}: {error}"
        );
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody connected");
}

#[test]
fn what_the_clock_or_the_system_ended_says_what_to_do() {
    let directory = TempDir::new().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tls://{}", silent.local_addr().unwrap());
    for (name, remedy) in [
        (
            &*silent,
            "to do: the peer accepted and then said nothing; check that",
        ),
        (
            "unix:///nowhere/at/all",
            "to do: there is no such socket; start the service",
        ),
    ] {
        let words = ["connect", name, "--deadline", "0.3"];
        let error = fail(directory.path(), &words);
        assert!(error.contains(remedy), "{name}: {error}");
    }
}

#[test]
fn a_server_that_never_answers_does_not_outlast_the_deadline() {
    let directory = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tls://{}", listener.local_addr().unwrap());
    let words = ["connect", &address, "--deadline", "0.2", "--json"];
    let output = run(directory.path(), &words);
    assert_eq!(output.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(said["event"], "failed", "{said}");
    assert_eq!(said["attempts"][0]["stage"], "tls", "{said}");
    assert_eq!(said["attempts"][0]["outcome"], "timed out", "{said}");
}

#[test]
fn a_peer_that_resets_is_a_failure() {
    let directory = TempDir::new().unwrap();
    // What is unread when a socket is closed makes the close a reset.
    let (port, served) = server(|stream| drop(stream.peek(&mut [0])));
    let address = format!("tcp://127.0.0.1:{port}");
    let output = feed(start(directory.path(), &["connect", &address]), b"unread");
    served.join().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("error: the connection broke before the peer had ended it: "),
        "{said}"
    );
}

#[test]
fn closed_standard_streams_are_ends_and_no_failures() {
    let directory = TempDir::new().unwrap();
    let (port, served) = server(shout);
    let script = format!(
        "exec {} connect tcp://127.0.0.1:{port} <&-",
        env!("CARGO_BIN_EXE_tuyau")
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    served.join().unwrap();

    let (port, served) = server(
        |mut stream| {
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        },
    );
    let address = format!("tcp://127.0.0.1:{port}");
    let mut child = start(directory.path(), &["connect", &address]);
    drop(child.stdout.take());
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    drop(input);
    served.join().unwrap();
}

#[test]
fn a_signal_ends_it() {
    let directory = TempDir::new().unwrap();
    let (sender, connected) = std::sync::mpsc::channel();
    let (port, served) = server(move |mut stream| {
        sender.send(()).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let address = format!("tcp://127.0.0.1:{port}");
    let mut child = start(directory.path(), &["connect", &address]);
    connected.recv().unwrap();
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-s", "INT", &id])
        .status();
    assert!(killed.unwrap().success());
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: interrupted by a signal\n");
    drop(input);
    served.join().unwrap();
}

#[test]
fn names_that_name_nothing_are_told_what_names_there_are() {
    let directory = TempDir::new().unwrap();
    for name in ["", "a b", "gopher://x:70", "tls://x:99999", "x", "mem://x"] {
        let error = fail(directory.path(), &["connect", name]);
        assert!(
            error.contains("; a name is tls://HOST:PORT, tcp://HOST:PORT, "),
            "{name}: {error}"
        );
    }
    for words in [
        &["connect"][..],
        &["connect", "x", "--listen", "tcp://127.0.0.1:0"],
        &["connect", "x:1", "--deadline", "-1"],
    ] {
        assert_eq!(
            run(directory.path(), words).status.code(),
            Some(2),
            "{words:?}"
        );
    }
    let error = fail(
        directory.path(),
        &["connect", "--listen", "tcp://localhost:0"],
    );
    assert!(
        error.contains("cannot listen at tcp://localhost:0"),
        "{error}"
    );
    for (address, reason) in [
        ("ws://127.0.0.1:0", "no scheme that is listened at here"),
        ("mem://x", "inside one process only"),
    ] {
        let error = fail(directory.path(), &["connect", "--listen", address]);
        assert!(
            error.contains(reason) && error.ends_with("or unix:///PATH\n"),
            "{error}"
        );
    }
    fs::write(directory.path().join("bad.pub"), "nonsense").unwrap();
    let error = fail(
        directory.path(),
        &["connect", "x:1", "--identity-file", "bad.pub"],
    );
    assert!(error.contains("identity file bad.pub"), "{error}");
}
