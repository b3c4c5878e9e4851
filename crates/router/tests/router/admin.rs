//! What the admin socket does with bad input.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use tuyau_core::Chain;
use tuyau_router::{AdminClient, AdminErrorKind};

use crate::support::{PATIENCE, TestRouter, key, start, witness::Witness};

async fn router() -> (TestRouter, TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let router = start(|settings| settings.admin_socket = Some(path.clone())).await;
    (router, dir, path)
}

/// What the socket answers to these bytes: the texts of its refusals, until it closes.
async fn answer(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(PATIENCE, read).await;
    read.expect("the router closes").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Bytes that end the connection with this text, while another client and the router go on.
async fn refused(bytes: &[u8], text: &str) {
    let (router, _dir, path) = router().await;
    let mut witness = Witness::new(&router).await;
    let mut other = AdminClient::connect(&path).await.unwrap();
    let found = answer(&path, bytes).await;
    assert!(found.contains(text), "{found}");
    let view = other.view(0, 10).await.unwrap();
    assert_eq!(view.rows[0].identity, key(202).identity());
    witness.check(&router).await;
}

#[tokio::test]
async fn the_socket_is_for_its_owner_alone() {
    let (_router, _dir, path) = router().await;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn garbage_is_refused() {
    refused(
        &[0xff; 100],
        "expected a frame, a CBOR byte string, found byte 0xff",
    )
    .await;
    refused(b"GET / HTTP/1.1\r\n\r\n", "found text").await;
}

#[tokio::test]
async fn a_frame_above_the_limit_is_refused_before_it_arrives() {
    let head = [0x5b, 255, 255, 255, 255, 255, 255, 255, 255];
    let text = "expected a message of at most 1073741824 bytes, found one of 18446744073709551615";
    refused(&head, text).await;
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_and_the_connection_goes_on() {
    let (router, _dir, path) = router().await;
    let mut witness = Witness::new(&router).await;
    let mut stream = UnixStream::connect(&path).await.unwrap();
    for request in [&[0x41, 0x80][..], &[0x42, 0x81, 9], &[0x41, 0xff], &[0x40]] {
        stream.write_all(request).await.unwrap();
        let mut answer = vec![0; 1000];
        let count = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..count]);
        assert!(
            answer.contains("a request of another version: "),
            "{answer}"
        );
    }
    witness.check(&router).await;
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_waiting() {
    let (router, _dir, path) = router().await;
    let mut witness = Witness::new(&router).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        // Half of them stop within a frame that they announced as long.
        if silent.len() % 2 == 0 {
            stream
                .write_all(&[0x5a, 0x3f, 0, 0, 0, 0x82])
                .await
                .unwrap();
        }
        silent.push(stream);
    }
    let mut admin = AdminClient::connect(&path).await.unwrap();
    assert_eq!(admin.view(0, 10).await.unwrap().total, 1);
    witness.check(&router).await;
    drop(silent);
    admin.save().await.unwrap();
    witness.check(&router).await;
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_disturbs_nobody() {
    let (router, _dir, path) = router().await;
    let mut witness = Witness::new(&router).await;
    for _ in 0..20 {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let save = [0x42, 0x81, 1].repeat(100);
        stream.write_all(&save).await.unwrap();
    }
    let mut admin = AdminClient::connect(&path).await.unwrap();
    admin.save().await.unwrap();
    witness.check(&router).await;
}

#[tokio::test]
async fn a_client_without_a_router_is_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let error = AdminClient::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), &AdminErrorKind::Connect);
    let text = Chain(&error).to_string();
    let begin = format!(
        "cannot reach a router at {}; start one with `tuyau router`, or name its socket with \
         --socket: ",
        path.display()
    );
    assert!(text.starts_with(&begin), "{text}");
}

#[tokio::test]
async fn a_client_is_told_when_its_router_ends() {
    let (router, _dir, path) = router().await;
    let mut admin = AdminClient::connect(&path).await.unwrap();
    admin.save().await.unwrap();
    router.router.stop().await;
    let error = admin.save().await.unwrap_err();
    let ending = AdminErrorKind::Refused("the router is ending".into());
    assert!(
        [ending, AdminErrorKind::Broken].contains(error.kind()),
        "{error}"
    );
}
