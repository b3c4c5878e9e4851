//! What key files, identity files and state directories are refused for, and what is said then.

use std::{
    error::Error as _,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use tuyau_client::{FileError, FileErrorKind, identity_file, keyfile, state_dir};
use tuyau_wire::{IdentityError, SecretKey, SecretKeyError, SecretKeyErrorKind};

fn place(name: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    (directory, path)
}

fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The error names the file, and everything in `parts`.
fn assert_says(error: &FileError, path: &Path, parts: &[&str]) {
    let text = error.to_string();
    let path = path.display().to_string();
    for part in parts.iter().copied().chain([path.as_str()]) {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

fn some_key() -> SecretKey {
    SecretKey::from_seed([5; 32])
}

#[test]
fn a_created_key_is_for_its_owner_alone_and_loads_again() {
    let (_directory, path) = place("identity.pem");
    let made = keyfile::create(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(keyfile::load(&path).unwrap().identity(), made.identity());
}

#[test]
fn a_key_file_is_never_overwritten() {
    let (directory, path) = place("identity.pem");
    write(&path, "precious", 0o600);
    let error = keyfile::create(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::Exists);
    assert_says(
        &error,
        &path,
        &["key file", "never overwritten", "another file"],
    );
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_link_to_nowhere_is_not_overwritten_either() {
    let (directory, path) = place("identity.pem");
    symlink(directory.path().join("nowhere"), &path).unwrap();
    let error = keyfile::load_or_create(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NotFound);
    assert!(!directory.path().join("nowhere").exists());
}

#[test]
fn load_or_create_gives_everyone_the_same_key() {
    let (_directory, path) = place("identity.pem");
    let makers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || keyfile::load_or_create(&path).unwrap().identity())
        })
        .collect();
    let mut identities: Vec<_> = makers
        .into_iter()
        .map(|maker| maker.join().unwrap())
        .collect();
    identities.dedup();
    assert_eq!(identities.len(), 1);
}

#[test]
fn a_missing_key_file_is_named_with_the_command_that_makes_one() {
    let (_directory, path) = place("identity.pem");
    let error = keyfile::load(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NotFound);
    assert_says(&error, &path, &["found none", "tuyau key new"]);
}

#[test]
fn a_key_file_that_others_may_read_or_write_is_refused() {
    for open in [0o644, 0o640, 0o620, 0o601, 0o666] {
        let (_directory, path) = place("identity.pem");
        write(&path, some_key().to_pkcs8_pem().as_bytes(), open);
        let error = keyfile::load(&path).unwrap_err();
        assert_eq!(error.kind(), FileErrorKind::TooOpen(open));
        let found = format!("found {open:04o}");
        assert_says(&error, &path, &["expected mode 0600", &found, "chmod 600"]);
    }
}

#[test]
fn a_key_file_that_its_owner_can_only_read_is_fine() {
    let (_directory, path) = place("identity.pem");
    write(&path, some_key().to_pkcs8_pem().as_bytes(), 0o400);
    assert_eq!(
        keyfile::load(&path).unwrap().identity(),
        some_key().identity()
    );
}

#[test]
fn an_unreadable_key_file_is_refused_with_the_cause() {
    // A path through a regular file cannot be read by anyone, not even by root.
    let (_directory, file) = place("file");
    write(&file, "", 0o600);
    let path = file.join("identity.pem");
    let error = keyfile::load(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::Unreadable);
    assert_says(&error, &path, &["cannot read", "chmod 600"]);
    assert!(error.source().is_some());
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let (directory, pipe) = place("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for path in [directory.path(), &pipe] {
        let error = keyfile::load(path).unwrap_err();
        assert_eq!(error.kind(), FileErrorKind::NotRegular);
        assert_says(&error, path, &["regular file"]);
    }
}

#[test]
fn a_file_without_a_key_is_named_as_such_whatever_its_mode() {
    for mode in [0o600, 0o644] {
        let (_directory, path) = place("passwd");
        write(&path, "root:x:0:0:root:/root:/bin/sh\n", mode);
        let error = keyfile::load(&path).unwrap_err();
        assert_eq!(error.kind(), FileErrorKind::NoKey);
        assert_says(&error, &path, &["no PEM private key", "another file"]);
        assert!(!error.to_string().contains("chmod"), "{error}");
    }
}

#[test]
fn empty_and_endless_key_files_are_refused() {
    let (_directory, path) = place("identity.pem");
    write(&path, " \n", 0o600);
    let error = keyfile::load(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::Empty);
    assert_says(&error, &path, &["no content", "from a copy"]);

    write(&path, vec![b'A'; 20_000], 0o600);
    let error = keyfile::load(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::TooLarge);
    assert_says(&error, &path, &["16384 bytes"]);
}

#[test]
fn a_corrupt_key_file_is_refused_with_the_place_of_the_damage() {
    let pem = some_key().to_pkcs8_pem();
    let cases = [
        (pem.replace("MC4C", "M!4C"), SecretKeyErrorKind::Base64),
        (pem[..60].to_owned(), SecretKeyErrorKind::Truncated),
    ];
    for (content, kind) in cases {
        let (_directory, path) = place("identity.pem");
        write(&path, content, 0o600);
        let error = keyfile::load(&path).unwrap_err();
        assert_eq!(error.kind(), FileErrorKind::Corrupt);
        assert_says(&error, &path, &["not that of a key file", "from a copy"]);
        let source = error.source().unwrap();
        let source: &SecretKeyError = source.downcast_ref().unwrap();
        assert_eq!(source.kind(), kind);
    }
    let (_directory, path) = place("identity.pem");
    write(&path, [0xff, 0xfe], 0o600);
    assert_eq!(
        keyfile::load(&path).unwrap_err().kind(),
        FileErrorKind::Corrupt
    );
}

#[test]
fn a_key_that_cannot_be_written_says_where_and_why() {
    let (_directory, file) = place("file");
    write(&file, "", 0o600);
    let path = file.join("identity.pem");
    let error = keyfile::create(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NotDirectory);
    assert_says(&error, &path, &["no directory", "another place"]);
    assert!(error.source().is_none());
}

#[test]
fn a_key_in_a_directory_that_is_not_there_says_so_without_a_temporary_name() {
    let (_directory, place) = place("missing");
    let path = place.join("identity.pem");
    let error = keyfile::create(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NoDirectory);
    assert_says(&error, &path, &["does not exist", "make that first"]);
    assert!(error.source().is_none());
}

#[test]
fn an_identity_file_is_one_line_that_everyone_may_read() {
    let (directory, path) = place(identity_file::NAME);
    let (one, two) = (
        some_key().identity(),
        SecretKey::from_seed([6; 32]).identity(),
    );
    for identity in [one, two] {
        identity_file::write(&path, &identity).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{identity}\n"));
        assert_eq!(identity_file::read(&path).unwrap(), identity);
        assert_eq!(mode(&path), 0o644);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_identity_file_says_to_start_the_router() {
    let (_directory, path) = place(identity_file::NAME);
    let error = identity_file::read(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NotFound);
    assert_says(&error, &path, &["identity file", "start the router first"]);
}

#[test]
fn a_damaged_identity_file_is_refused() {
    let (_directory, path) = place(identity_file::NAME);
    let text = some_key().identity().to_string();
    write(&path, text.replace("tuyau1", "tuyau1q"), 0o644);
    let error = identity_file::read(&path).unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::Corrupt);
    assert_says(
        &error,
        &path,
        &["not that of an identity file", "name another file"],
    );
    assert!(error.source().unwrap().is::<IdentityError>());
}

#[test]
fn a_state_directory_is_made_for_its_owner_alone() {
    let (_directory, path) = place("state");
    let deep = path.join("router");
    state_dir::create(&deep).unwrap();
    state_dir::create(&deep).unwrap();
    assert_eq!((mode(&path), mode(&deep)), (0o700, 0o700));
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
}

#[test]
fn a_state_directory_that_is_a_file_is_refused() {
    let (_directory, file) = place("file");
    write(&file, "", 0o600);
    for path in [file.clone(), file.join("router")] {
        let error = state_dir::create(&path).unwrap_err();
        assert_eq!(error.kind(), FileErrorKind::NotDirectory);
        assert_says(
            &error,
            &path,
            &["state directory", "expected a directory", "another place"],
        );
    }
}
