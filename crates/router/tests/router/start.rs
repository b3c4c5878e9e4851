//! What a router says when it cannot start, and that it leaves others alone then.

use std::{fs, path::Path};

use tuyau_core::Chain;
use tuyau_router::{AdminClient, Router, Settings, StartError, snapshot};

use crate::support::{TestRouter, key, start, witness::Witness};

/// Why a router with these settings changed does not start, with all reasons beneath.
async fn refused(change: impl FnOnce(&mut Settings)) -> String {
    let mut settings = Settings::new(key(101));
    settings.listen = vec!["tls://127.0.0.1:0".parse().unwrap()];
    change(&mut settings);
    let error: StartError = Router::start(settings).await.map(drop).unwrap_err();
    Chain(&error).to_string()
}

/// A router in this state directory, that has something in it.
async fn router_in(dir: &Path) -> TestRouter {
    start(|settings| settings.state_dir = Some(dir.to_owned())).await
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let router = start(|_| {}).await;
    let mut witness = Witness::new(&router).await;
    let address = router.address();
    let text = refused(|settings| settings.listen = vec![address.clone()]).await;
    let expected = format!(
        "cannot listen at {address}: the address is in use; \
         stop the program that listens there or choose another address"
    );
    assert_eq!(text, expected);
    witness.check(&router).await;
    router.connect(1).await;
}

#[tokio::test]
async fn an_address_of_another_machine_is_named() {
    let text = refused(|it| it.listen = vec!["tls://192.0.2.1:6000".parse().unwrap()]).await;
    let expected = "cannot listen at tls://192.0.2.1:6000: the address is not available here; \
                    choose an address of this machine, or 0.0.0.0 or [::] for all of them";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn a_state_directory_has_one_router() {
    let dir = tempfile::tempdir().unwrap();
    let router = router_in(dir.path()).await;
    let mut witness = Witness::new(&router).await;
    let text = refused(|settings| settings.state_dir = Some(dir.path().to_owned())).await;
    assert_eq!(
        text,
        format!(
            "state directory {} is in use by another router; \
             stop that one or choose another state_dir",
            dir.path().display()
        )
    );
    witness.check(&router).await;
}

#[tokio::test]
async fn a_state_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    for path in [file.clone(), file.join("below")] {
        let text = refused(|settings| settings.state_dir = Some(path.clone())).await;
        let expected = format!(
            "state directory: cannot use {}; make it writable or choose another state_dir: ",
            path.display()
        );
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.len() > expected.len(), "the system's reason follows");
    }
    assert_eq!(fs::read(&file).unwrap(), b"not a directory");
}

#[tokio::test]
async fn a_snapshot_in_the_state_directory_is_taken_over_unless_it_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let router = router_in(dir.path()).await;
    Witness::new(&router).await;
    let good = router.router.save().await.unwrap();
    router.router.stop().await;
    // What it is to take the place of.
    let router = router_in(dir.path()).await;
    let mut peer = router.connect(7).await;
    let record = peer.record("tls://127.0.0.1:9");
    assert_eq!(peer.listen(record).await, None);
    drop(peer);
    router.router.stop().await;

    let file = dir.path().join("state.cbor");
    let mut bad = good.clone();
    let last = bad.len() - 40;
    bad[last] ^= 0x10;
    fs::write(&file, &bad).unwrap();
    let in_dir = |settings: &mut Settings| settings.state_dir = Some(dir.path().to_owned());
    let text = refused(in_dir).await;
    let offset = snapshot::decode(&bad).unwrap_err().offset();
    assert_eq!(
        text,
        format!(
            "the snapshot {} that is to be taken over is damaged; move it away to start without \
             it, or put a good one in its place: byte {offset}, entry 1: \
             the checksum does not match, the snapshot is damaged; use another copy",
            file.display()
        )
    );
    assert_eq!(fs::read(&file).unwrap(), bad);

    fs::write(&file, &good).unwrap();
    for (times, told) in [(1, "imported"), (2, "connected")] {
        let mut router = router_in(dir.path()).await;
        assert_eq!(router.state().await, (3, vec![key(202).identity()]));
        drop(router.connect(7).await);
        let first = router.event(|event| Some(event.name().to_owned())).await;
        assert_eq!(first, told, "at the start number {times}");
        router.router.stop().await;
    }
    let imported = fs::read(dir.path().join("state.cbor.imported")).unwrap();
    assert!(imported == good && !file.exists());
}

#[tokio::test]
async fn a_damaged_registration_is_lost_alone_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let router = router_in(dir.path()).await;
    for seed in 1..=3 {
        let mut peer = router.connect(seed).await;
        let record = peer.record(&format!("tls://127.0.0.1:700{seed}"));
        assert_eq!(peer.listen(record).await, None);
    }
    router.router.stop().await;
    let file = dir.path().join("store/directory/0000000001.log");
    let mut bytes = fs::read(&file).unwrap();
    let route = b"tls://127.0.0.1:7002";
    let at = bytes.windows(route.len()).position(|bytes| bytes == route);
    bytes[at.unwrap()] ^= 1;
    fs::write(&file, &bytes).unwrap();

    let mut router = router_in(dir.path()).await;
    let mut left = vec![key(1).identity(), key(3).identity()];
    left.sort();
    assert_eq!(router.state().await.1, left);
    let text = router.event(|event| Some(event.to_string())).await;
    let begin = format!(
        "the store is damaged: lost the registration of {} (0000000001.log at byte ",
        key(2).identity()
    );
    assert!(text.starts_with(&begin), "{text}");
    // Who was lost registers again.
    let mut peer = router.connect(2).await;
    let record = peer.record("tls://127.0.0.1:7002");
    assert_eq!(peer.listen(record).await, None);
}

#[tokio::test]
async fn an_admin_socket_in_use_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let router = start(|settings| settings.admin_socket = Some(path.clone())).await;
    let mut witness = Witness::new(&router).await;
    let text = refused(|settings| settings.admin_socket = Some(path.clone())).await;
    let expected = format!(
        "cannot listen at unix://{}: the address is in use; \
         stop the program that listens there or choose another path",
        path.display()
    );
    assert_eq!(text, expected);
    let mut admin = AdminClient::connect(&path).await.unwrap();
    admin.save().await.unwrap();
    witness.check(&router).await;
}

#[tokio::test]
async fn a_file_in_the_place_of_the_admin_socket_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    fs::write(&path, "precious").unwrap();
    let text = refused(|settings| settings.admin_socket = Some(path.clone())).await;
    assert!(
        text.contains("a file that is not a socket is in the way"),
        "{text}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[tokio::test]
async fn a_limit_that_the_protocol_does_not_allow_is_named() {
    let text = refused(|settings| settings.limits.frame_bytes = 100).await;
    assert_eq!(
        text,
        "limits.frame_bytes: the longest message must be at least 4096 bytes"
    );
}

#[tokio::test]
async fn a_router_that_stopped_leaves_nothing_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let mut address = "tls://127.0.0.1:0".parse().unwrap();
    for _ in 0..5 {
        let router = start(|settings| {
            settings.listen = vec![address];
            settings.state_dir = Some(dir.path().to_owned());
            settings.admin_socket = Some(path.clone());
        })
        .await;
        address = router.address();
        drop(router.connect(1).await);
        router.router.stop().await;
        assert!(!path.exists());
    }
}
