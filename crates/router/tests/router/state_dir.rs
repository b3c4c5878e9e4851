//! What a router keeps, and a state directory that goes away while it runs.

use std::{fs, path::Path};

use tuyau_router::{Settings, journal::Level};
use tuyau_wire::RejectCode;

use crate::support::{TestRouter, key, start, witness::Witness};

async fn router_in(dir: &Path) -> TestRouter {
    start(|settings| settings.state_dir = Some(dir.to_owned())).await
}

/// The directory as it is now, as if the router had been killed.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let (path, killed) = (dir.path().join("state"), dir.path().join("killed"));
    let router = router_in(&path).await;
    let mut peer = router.connect(1).await;
    let record = peer.record("tls://127.0.0.1:9");
    assert_eq!(peer.listen(record.clone()).await, None);
    copy(&path, &killed);
    let after = router_in(&killed).await;
    assert_eq!(after.state().await.1, [key(1).identity()]);
    drop(after);

    assert_eq!(peer.unlisten().await, None);
    let killed = dir.path().join("killed again");
    copy(&path, &killed);
    let after = router_in(&killed).await;
    assert_eq!(after.state().await.1, []);
    // What was taken back does not come again.
    let mut peer = after.connect(1).await;
    let (code, _) = peer.listen(record).await.unwrap();
    assert_eq!(code, RejectCode::StaleSequence);
}

#[tokio::test]
async fn what_was_restored_is_there_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let (path, killed) = (dir.path().join("state"), dir.path().join("killed"));
    let router = router_in(&path).await;
    let empty = router.router.save().await.unwrap();
    let mut peer = router.connect(1).await;
    let record = peer.record("tls://127.0.0.1:9");
    assert_eq!(peer.listen(record).await, None);
    router.router.restore(&empty).await.unwrap();
    copy(&path, &killed);
    assert!(!killed.join("state.cbor").exists());
    let after = router_in(&killed).await;
    assert_eq!(after.state().await.1, []);
}

#[tokio::test]
async fn a_router_serves_on_without_its_state_directory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let in_dir = |settings: &mut Settings| settings.state_dir = Some(path.clone());
    let mut router = start(in_dir).await;
    let mut witness = Witness::new(&router).await;
    let snapshot = router.router.save().await.unwrap();
    fs::remove_dir_all(&path).unwrap();
    // A file in its place is left alone.
    fs::write(&path, "precious").unwrap();
    witness.check(&router).await;
    router.router.restore(&snapshot).await.unwrap();
    let told = router
        .event(|event| (event.name() == "store-failed").then(|| (event.level(), event.to_string())))
        .await;
    let begin = "the store has failed: cannot write a snapshot to the state directory: ";
    assert!(told.1.starts_with(begin), "{}", told.1);
    assert_eq!(told.0, Level::Error);
    witness.note(&router).await;
    witness.check(&router).await;
    drop(witness);
    assert!(!router.router.stop().await);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}
