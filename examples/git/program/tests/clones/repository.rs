//! The repository that is cloned, and how a clone is compared with it.

use std::{fmt::Write as _, fs, io::Write, process::Stdio};

use crate::support::Place;

/// Each commit makes at least three objects: itself, a tree and a file.
const COMMITS: usize = 1500;

/// Makes `served/big.git` with some thousand objects: two branches, tags of both kinds, a link, a
/// file that can be run, and one large file.
pub(crate) fn generate(place: &Place) {
    fs::create_dir(place.path("served")).unwrap();
    place.git(
        "served",
        &["init", "-q", "--bare", "-b", "trunk", "big.git"],
    );
    let mut importing = place
        .command("git")
        .current_dir(place.path("served/big.git"))
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = importing.stdin.take().unwrap();
    input.write_all(&history()).unwrap();
    drop(input);
    assert!(importing.wait().unwrap().success());
    place.git(
        "served",
        &["init", "-q", "--bare", "-b", "trunk", "empty.git"],
    );
}

fn history() -> Vec<u8> {
    let mut all = String::new();
    let mut commit = |branch: &str, number: usize, changes: &str| {
        let time = 1_000_000_000 + number;
        let message = format!("change {number}\n");
        let _ = write!(
            all,
            "commit refs/heads/{branch}\nmark :{number}\n\
             committer Anna <anna@example.org> {time} +0000\ndata {}\n{message}{changes}",
            message.len()
        );
    };
    for number in 1..=COMMITS {
        let (directory, file) = (number % 17, number % 101);
        let content = format!("line {number}\n").repeat(number % 29 + 1);
        let mut changes = format!(
            "M 100644 inline d{directory}/f{file}\ndata {}\n{content}\n",
            content.len()
        );
        if number == 1 {
            let large = large();
            let _ = write!(
                changes,
                "M 100644 inline large\ndata {}\n{large}\n",
                large.len()
            );
            changes.push_str("M 120000 inline link\ndata 5\nlarge\n");
            changes.push_str("M 100755 inline bin/run\ndata 10\n#!/bin/sh\n\n");
        }
        let branch = if number % 3 == 0 && number > 3 {
            "side"
        } else {
            "trunk"
        };
        if number == 6 {
            changes.insert_str(0, "from :3\n");
        }
        commit(branch, number, &changes);
    }
    all.push_str("reset refs/tags/light\nfrom :10\n\n");
    all.push_str("tag heavy\nfrom :20\ntagger Anna <anna@example.org> 1 +0000\ndata 4\ntag\n\n");
    all.into_bytes()
}

/// Text in which little repeats.
fn large() -> String {
    let mut state = 1_u64;
    let mut text = String::new();
    for _ in 0..40_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let _ = write!(
            text,
            "{:016x}{}",
            state,
            if state.is_multiple_of(4) { "\n" } else { "" }
        );
    }
    text
}

/// Asserts that a bare clone is whole and has the server's references.
pub(crate) fn compare_bare(place: &Place, clone: &str) {
    check(place, clone);
    let served = place.git("served/big.git", &["ls-remote", "."]);
    let cloned = place.git(clone, &["ls-remote", "."]);
    assert!(served.lines().count() > 5, "{served}");
    assert_eq!(cloned, served);
}

/// Asserts that a clone is whole, has the server's branches as those of its origin, and the files of
/// its newest commit.
pub(crate) fn compare(place: &Place, clone: &str) {
    check(place, clone);
    let branches = |directory: &str, prefix: &str| {
        let listed = place.git(
            directory,
            &["for-each-ref", "--format=%(objectname) %(refname)"],
        );
        let mut found: Vec<_> = listed
            .lines()
            .filter_map(|line| {
                let (id, name) = line.split_once(' ')?;
                Some(format!("{id} {}", name.strip_prefix(prefix)?))
            })
            .collect();
        found.sort();
        found
    };
    let served = branches("served/big.git", "refs/heads/");
    assert_eq!(served.len(), 2);
    assert_eq!(branches(clone, "refs/remotes/origin/"), served);
    let tags = |directory: &str| branches(directory, "refs/tags/");
    assert_eq!(tags(clone), tags("served/big.git"));
    assert_eq!(place.git(clone, &["status", "--porcelain"]), "");
    let head = |directory: &str| place.git(directory, &["rev-parse", "HEAD"]);
    assert_eq!(head(clone), head("served/big.git"));
    assert_eq!(
        place.git(clone, &["symbolic-ref", "HEAD"]),
        "refs/heads/trunk\n"
    );
    let link = fs::read_link(place.path(clone).join("link")).unwrap();
    assert_eq!(link.to_str(), Some("large"));
}

fn check(place: &Place, clone: &str) {
    place.git(clone, &["fsck", "--full", "--strict", "--no-dangling"]);
    let counted = |directory: &str| {
        let all = ["rev-list", "--all", "--objects", "--count"];
        let count: usize = place.git(directory, &all).trim().parse().unwrap();
        count
    };
    assert_eq!(counted(clone), counted("served/big.git"));
    assert!(counted(clone) > 4000);
}
