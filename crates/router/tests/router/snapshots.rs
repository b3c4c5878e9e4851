//! Snapshots that are refused, by the router itself and over its admin socket: the state
//! stays as it was.

use std::path::PathBuf;

use tempfile::TempDir;
use tuyau_core::Chain;
use tuyau_router::{
    AdminClient, AdminErrorKind, Router, Settings, SnapshotErrorKind, StartErrorKind,
    StateDirErrorKind,
};

use crate::support::{TestRouter, key, start, witness::Witness};

/// A router with an admin socket, and the directory of that.
async fn router() -> (TestRouter, TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let router = start(|settings| settings.admin_socket = Some(path.clone())).await;
    (router, dir, path)
}

/// A snapshot that is changed like this is refused with this kind, at this item, with a text that
/// has this in it.
async fn refused(
    change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    kind: SnapshotErrorKind,
    item: usize,
    text: &str,
) {
    let (router, _dir, path) = router().await;
    let mut witness = Witness::new(&router).await;
    let good = router.router.save().await.unwrap();
    let bad = change(good.clone());

    let error = router.router.restore(&bad).await.unwrap_err();
    assert_eq!((error.kind(), error.item()), (kind, item), "{error}");
    let told = Chain(&error).to_string();
    assert!(
        told.starts_with(&format!("byte {}, ", error.offset())),
        "{told}"
    );
    assert!(told.contains(text), "{told}");
    witness.check(&router).await;

    let mut admin = AdminClient::connect(&path).await.unwrap();
    let error = admin.restore(bad).await.unwrap_err();
    assert_eq!(error.kind(), &AdminErrorKind::Refused(told.clone()));
    assert_eq!(error.to_string(), format!("the router refused: {told}"));
    witness.check(&router).await;

    // The connection over the admin socket goes on, and a good snapshot is taken.
    admin.restore(good).await.unwrap();
    assert_eq!(router.state().await, (3, vec![key(202).identity()]));
}

/// Where the items of a snapshot begin, and its end.
fn items(snapshot: &[u8]) -> Vec<usize> {
    let mut decoder = minicbor::Decoder::new(snapshot);
    let mut begins = vec![0];
    while decoder.position() < snapshot.len() {
        decoder.skip().unwrap();
        begins.push(decoder.position());
    }
    begins
}

#[tokio::test]
async fn a_truncated_snapshot_is_refused() {
    let cut = |mut bytes: Vec<u8>| {
        bytes.pop();
        bytes
    };
    let text = "the snapshot ends here, it is truncated; use another copy";
    refused(cut, SnapshotErrorKind::Truncated, 1, text).await;
    let cut = |bytes: Vec<u8>| bytes[..items(&bytes)[1]].to_vec();
    refused(cut, SnapshotErrorKind::Truncated, 1, text).await;
    let cut = |_| Vec::new();
    refused(cut, SnapshotErrorKind::Truncated, 0, text).await;
}

#[tokio::test]
async fn a_flipped_byte_is_located() {
    let flip = |mut bytes: Vec<u8>| {
        let at = items(&bytes)[1] + 30;
        bytes[at] ^= 0xff;
        bytes
    };
    let text = "entry 1: the checksum does not match, the snapshot is damaged; use another copy";
    refused(flip, SnapshotErrorKind::Checksum, 1, text).await;
}

#[tokio::test]
async fn every_flipped_byte_is_refused() {
    let (router, _dir, path) = router().await;
    let mut witness = Witness::new(&router).await;
    let good = router.router.save().await.unwrap();
    let mut admin = AdminClient::connect(&path).await.unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        let error = router.router.restore(&bad).await.unwrap_err();
        assert!(error.offset() <= at, "byte {at}: {error}");
        let refused = admin.restore(bad).await.unwrap_err();
        let text = Chain(&error).to_string();
        assert_eq!(refused.kind(), &AdminErrorKind::Refused(text), "byte {at}");
    }
    witness.check(&router).await;
}

/// The snapshot with the payload of its first item changed, and a checksum that matches.
fn with_header(snapshot: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(snapshot);
    decoder.array().unwrap();
    let mut payload = decoder.bytes().unwrap().to_vec();
    let rest = &snapshot[items(snapshot)[1]..];
    change(&mut payload);
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let checksum = crc32fast::hash(&payload);
    let written = encoder.array(2).and_then(|it| it.bytes(&payload));
    written.and_then(|it| it.u32(checksum)).unwrap();
    [&encoder.into_writer()[..], rest].concat()
}

/// Where the version stands in the header: behind the head of an array and a text of 14 bytes.
const VERSION_AT: usize = 16;

#[tokio::test]
async fn a_newer_version_is_refused() {
    let newer = |bytes: Vec<u8>| with_header(&bytes, |header| header[VERSION_AT] = 3);
    let (kind, text) = (
        SnapshotErrorKind::Version { found: 3 },
        "header: snapshot version 3, this program reads versions 1 to 2; use a newer tuyau",
    );
    refused(newer, kind, 0, text).await;
}

#[tokio::test]
async fn a_count_that_does_not_match_is_refused() {
    // The last two bytes of the header are the numbers of entries and groups.
    for from_end in [1, 2] {
        let more = |bytes: Vec<u8>| {
            with_header(&bytes, |header| {
                let at = header.len() - from_end;
                header[at] += 1;
            })
        };
        let (kind, text) = (SnapshotErrorKind::Truncated, "the snapshot ends here");
        refused(more, kind, 2, text).await;
    }
    let fewer = |bytes: Vec<u8>| {
        with_header(&bytes, |header| {
            let at = header.len() - 2;
            header[at] -= 1;
        })
    };
    refused(
        fewer,
        SnapshotErrorKind::Trailing,
        1,
        "bytes follow the last entry",
    )
    .await;
}

#[tokio::test]
async fn what_is_no_snapshot_is_refused() {
    let text = "header: not a snapshot of a tuyau router; choose a file that `state save` wrote";
    for other in [
        &b"listen: [tls://127.0.0.1:6000]\n"[..],
        &[0; 100],
        &[0xff; 100],
    ] {
        refused(|_| other.to_vec(), SnapshotErrorKind::NotASnapshot, 0, text).await;
    }
}

#[tokio::test]
async fn bytes_after_the_end_are_refused() {
    let longer = |bytes: Vec<u8>| [&bytes[..], b"more"].concat();
    let text = "bytes follow the last entry; use another copy";
    refused(longer, SnapshotErrorKind::Trailing, 2, text).await;
}

#[tokio::test]
async fn more_entries_than_the_table_may_have_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (socket, state_dir) = (dir.path().join("admin.sock"), dir.path().join("state"));
    let large = start(|settings| settings.state_dir = Some(state_dir.clone())).await;
    for seed in 1..=3 {
        let mut peer = large.connect(seed).await;
        let record = peer.record("tls://127.0.0.1:9");
        assert_eq!(peer.listen(record).await, None);
    }
    let three = large.router.save().await.unwrap();
    large.router.stop().await;

    let small = start(|settings| {
        settings.admin_socket = Some(socket.clone());
        settings.limits.routes = 2;
    })
    .await;
    let mut witness = Witness::new(&small).await;
    let error = small.router.restore(&three).await.unwrap_err();
    let kind = SnapshotErrorKind::TooManyEntries { found: 3, limit: 2 };
    assert_eq!((error.kind(), error.item()), (kind, 0));
    let text = "byte 0, header: 3 entries, limits.routes is 2; raise it, or use a smaller snapshot";
    assert_eq!(error.to_string(), text);
    let mut admin = AdminClient::connect(&socket).await.unwrap();
    let refused = admin.restore(three).await.unwrap_err();
    assert_eq!(refused.kind(), &AdminErrorKind::Refused(text.to_owned()));
    witness.check(&small).await;

    let mut settings = Settings::new(key(100));
    settings.state_dir = Some(state_dir.clone());
    settings.limits.routes = 2;
    let error = Router::start(settings).await.map(drop).unwrap_err();
    let kind = StartErrorKind::StateDir(StateDirErrorKind::TooManyEntries);
    assert_eq!(error.kind(), kind);
    assert_eq!(
        error.to_string(),
        format!(
            "the saved state {} has 3 registrations, limits.routes is 2; raise it, or move that \
             away to start without it",
            state_dir.join("store/directory").display()
        )
    );
}
