//! What is opened over a connection, against OpenSSH's server.

use std::{fs, process::Command};

use tokio::io::AsyncReadExt;
use tuyau::ssh::{ErrorOutput, ExitStatus, HostKey, Kind, Open};
use tuyau_core::{AnyFlow, Flow, FlowExt, LocalAddress, PeerAddress};

use crate::support::{Sshd, read_to_end};

pub(crate) async fn a_command_is_a_flow_with_its_status() {
    let server = Sshd::start().await;
    let mut flow = server.run("read line; echo got $line").await;
    flow.write_all(b"this\n").await.unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"got this\n");
    assert!(flow.exit_status().unwrap().success());
    let flow = AnyFlow::new(flow);
    assert_eq!(flow.info::<ExitStatus>(), Some(&ExitStatus::Code(0)));
    let peer = &flow.info::<PeerAddress>().unwrap().0;
    assert_eq!(peer.socket(), Some(server.socket));
    assert!(flow.info::<LocalAddress>().is_some());
}

pub(crate) async fn a_failed_command_tells_its_status_and_error_output() {
    let server = Sshd::start().await;
    let mut flow = server
        .run("echo half; echo no such thing >&2; exit 3")
        .await;
    assert_eq!(read_to_end(&mut flow).await, b"half\n");
    let flow = AnyFlow::new(flow);
    assert_eq!(flow.info::<ExitStatus>(), Some(&ExitStatus::Code(3)));
    let errors = flow.info::<ErrorOutput>().unwrap();
    assert_eq!(errors.to_string(), "no such thing\n");
    assert_eq!(errors.lost(), 0);
}

pub(crate) async fn a_killed_command_tells_the_signal() {
    let server = Sshd::start().await;
    let mut flow = server.run("kill -TERM $$").await;
    assert!(read_to_end(&mut flow).await.is_empty());
    let status = flow.exit_status().unwrap();
    assert_eq!(status, &ExitStatus::Signal("TERM".to_owned()));
}

pub(crate) async fn of_much_error_output_the_end_is_kept() {
    let server = Sshd::start().await;
    let mut flow = server
        .run("head -c 300000 /dev/zero >&2; echo end >&2")
        .await;
    read_to_end(&mut flow).await;
    let errors = flow.error_output();
    assert_eq!(errors.bytes().len(), 64 * 1024);
    assert!(errors.bytes().ends_with(b"\0end\n"));
    assert_eq!(errors.lost() as usize + errors.bytes().len(), 300_004);
}

pub(crate) async fn the_environment_is_given_as_far_as_the_server_takes_it() {
    let server = Sshd::start().await;
    let open = Open::command("echo $TUYAU_ONE $OTHER")
        .with_variable("TUYAU_ONE", "one")
        .with_variable("OTHER", "other");
    let mut flow = server.open(server.settings(), open).await.unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"one\n");
}

pub(crate) async fn ending_the_writing_half_leaves_the_other_open() {
    let server = Sshd::start().await;
    let mut flow = server.run("sort -r; echo done").await;
    flow.write_all(b"a\nc\nb\n").await.unwrap();
    flow.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"c\nb\na\ndone\n");
    assert_eq!(flow.read(&mut [0; 4]).await.unwrap(), 0);
}

pub(crate) async fn much_goes_both_ways_at_once() {
    let server = Sshd::start().await;
    let flow = server.run("cat").await;
    let bytes: Vec<u8> = (0..5_000_000_u64)
        .map(|at| ((at * at) >> 7) as u8)
        .collect();
    let (mut reading, mut writing) = tokio::io::split(tuyau::tokio::Compat::new(flow));
    let out = bytes.clone();
    let sending = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        writing.write_all(&out).await.unwrap();
        writing.shutdown().await.unwrap();
    });
    let mut back = Vec::new();
    reading.read_to_end(&mut back).await.unwrap();
    sending.await.unwrap();
    assert!(back == bytes);
}

pub(crate) async fn a_subsystem_is_a_flow() {
    let server = Sshd::start().await;
    let open = Open::Subsystem("echo".to_owned());
    let mut flow = server.open(server.settings(), open).await.unwrap();
    flow.write_all(b"there and back").await.unwrap();
    flow.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"there and back");
}

pub(crate) async fn a_subsystem_that_is_not_there_is_named() {
    let server = Sshd::start().await;
    let open = Open::Subsystem("nothing".to_owned());
    let error = server.open(server.settings(), open).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::NotOpened { .. }));
    let text = error.to_string();
    assert!(
        text.contains("did not open the subsystem \"nothing\""),
        "{text}"
    );
    let open = Open::Subsystem("nothing".to_owned());
    let stage = server
        .stage_of_failure(server.settings().connector(), open)
        .await;
    assert_eq!(stage, "channel");
}

pub(crate) async fn a_forwarded_connection_is_a_flow() {
    let server = Sshd::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let beyond = tokio::spawn(echo(async move { listener.accept().await.unwrap().0 }));
    let open = Open::tcp("127.0.0.1", port);
    let mut flow = server.forward(open).await.unwrap();
    flow.write_all(b"through").await.unwrap();
    flow.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"through");
    beyond.await.unwrap();
}

pub(crate) async fn a_forwarded_unix_socket_is_a_flow() {
    let server = Sshd::start().await;
    let path = server.path("beyond");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let beyond = tokio::spawn(echo(async move { listener.accept().await.unwrap().0 }));
    let open = Open::unix(path.to_str().unwrap());
    let mut flow = server.forward(open).await.unwrap();
    flow.write_all(b"through").await.unwrap();
    flow.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut flow).await, b"through");
    beyond.await.unwrap();
}

async fn echo<S>(accepting: impl Future<Output = S>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite,
{
    let (mut reading, mut writing) = tokio::io::split(accepting.await);
    tokio::io::copy(&mut reading, &mut writing).await.unwrap();
}

pub(crate) async fn a_forwarding_that_leads_nowhere_says_why() {
    let server = Sshd::start().await;
    // A port that nobody listens at.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let open = Open::tcp("127.0.0.1", port);
    let error = server.forward(open).await.unwrap_err();
    let text = error.to_string();
    let expected = format!("did not open a connection to 127.0.0.1:{port}: it could not connect");
    assert!(text.contains(&expected), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
    let open = Open::tcp("127.0.0.1", port);
    let stage = server
        .stage_of_failure(server.settings().forwarder(), open)
        .await;
    assert_eq!(stage, "channel");
}

pub(crate) async fn the_host_key_is_told_as_openssh_prints_it() {
    let server = Sshd::start().await;
    let flow = AnyFlow::new(server.run("true").await);
    let key = &flow.info::<HostKey>().unwrap().0;
    let listed = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(server.path("host_ed25519.pub"))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains(&key.fingerprint()), "{listed}");
    let file = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    assert!(file.starts_with(&key.to_string()));
}

pub(crate) async fn an_aborted_command_ends_on_the_server() {
    let server = Sshd::start().await;
    let marker = server.path("ended");
    let command = format!(
        "trap 'touch {0}; exit' EXIT HUP; cat; touch {0}",
        marker.display()
    );
    let mut flow = server.run(&command).await;
    flow.write_all(b"begun").await.unwrap();
    let mut begun = [0; 5];
    flow.read_exact(&mut begun).await.unwrap();
    flow.abort();
    assert!(flow.read(&mut begun).await.is_err());
    let waiting = async {
        while !marker.exists() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
    waited.expect("the command ends");
}
