//! A state directory that goes away while the router runs.

use std::fs;

use tuyau_router::{Settings, journal::Level};

use crate::support::{TestRouter, key, start, witness::Witness};

/// The next event of this kind, as text.
async fn told(router: &mut TestRouter, name: &str) -> (Level, String) {
    let told =
        router.event(|event| (event.name() == name).then(|| (event.level(), event.to_string())));
    told.await
}

#[tokio::test]
async fn a_router_goes_on_without_its_state_directory_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let in_dir = |settings: &mut Settings| settings.state_dir = Some(path.clone());
    let mut router = start(in_dir).await;
    let mut witness = Witness::new(&router).await;
    fs::remove_dir_all(&path).unwrap();
    witness.talk().await;
    let (level, text) = told(&mut router, "persist-failed").await;
    assert_eq!(level, Level::Error);
    let begin = format!(
        "cannot write the state, trying again: {}: ",
        path.join("state.cbor").display()
    );
    assert!(text.starts_with(&begin), "{text}");
    assert!(
        text.ends_with("; make its directory writable, and room for it"),
        "{text}"
    );
    witness.check(&router).await;

    fs::create_dir(&path).unwrap();
    let (level, text) = told(&mut router, "persisted").await;
    assert_eq!(
        (level, &text[..]),
        (Level::Info, "the state is written again")
    );
    witness.check(&router).await;
    let before = router.state().await;
    drop(witness);
    router.router.stop().await;
    let router = start(in_dir).await;
    assert_eq!(router.state().await, before);
}

#[tokio::test]
async fn a_file_in_the_place_of_the_state_directory_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let mut router = start(|settings| settings.state_dir = Some(path.clone())).await;
    let mut witness = Witness::new(&router).await;
    fs::remove_dir_all(&path).unwrap();
    fs::write(&path, "precious").unwrap();
    witness.talk().await;
    told(&mut router, "persist-failed").await;
    witness.check(&router).await;
    assert_eq!(router.state().await.1, [key(202).identity()]);
    drop(witness);
    router.router.stop().await;
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}
