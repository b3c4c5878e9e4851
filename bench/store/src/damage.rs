//! What damage costs: each store is damaged in one place, opened by a process of its own, and asked
//! for each record.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    stores::{self, NAMES, mailbox, record},
    work::{place, put},
};

/// Records in the store that is damaged.
const COUNT: u64 = 1000;

/// What is not written when the power goes, in bytes.
const SECTOR: usize = 512;

/// Damages each store many times and prints what came of it.
pub fn run(times: u64) -> Result<()> {
    for (what, sector) in [("one bit flipped", false), ("a sector of zeros", true)] {
        println!("\n{what}, {times} times, in a store of {COUNT} records\n");
        println!("| store | what came of it, and how often | records lost, at most |");
        println!("|---|---|---|");
        for name in NAMES {
            let (outcomes, most) = damage(name, times, sector)?;
            let outcomes: Vec<_> = outcomes
                .iter()
                .map(|(what, count)| format!("{what}: {count}"))
                .collect();
            println!("| {name} | {} | {most} |", outcomes.join("; "));
        }
    }
    Ok(())
}

fn damage(name: &str, times: u64, sector: bool) -> Result<(BTreeMap<String, u64>, u64)> {
    let whole = tempfile::tempdir_in(place())?;
    put(&mut *stores::open(name, whole.path())?, 1, COUNT)?;
    let files = files(whole.path())?;
    let places: Vec<_> = files
        .iter()
        .enumerate()
        .flat_map(|(file, (_, bytes))| {
            let step = if sector { SECTOR } else { 1 };
            let used = move |at: &usize| {
                bytes[*at..bytes.len().min(at + step)]
                    .iter()
                    .any(|byte| *byte != 0)
            };
            (0..bytes.len())
                .step_by(step)
                .filter(used)
                .map(move |at| (file, at))
        })
        .collect();
    let (mut outcomes, mut most, mut random) = (BTreeMap::new(), 0, 0x9e37_79b9_u64);
    for _ in 0..times {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (file, at) = places[(random >> 33) as usize % places.len()];
        let directory = tempfile::tempdir_in(place())?;
        for (number, (path, bytes)) in files.iter().enumerate() {
            let mut bytes = bytes.clone();
            if number == file && sector {
                let end = bytes.len().min(at + SECTOR);
                bytes[at..end].fill(0);
            } else if number == file {
                bytes[at] ^= 1 << (random >> 20 & 7);
            }
            let to = directory.path().join(path);
            fs::create_dir_all(to.parent().ok_or("no folder")?)?;
            fs::write(to, bytes)?;
        }
        let checked = Command::new(env::current_exe()?)
            .args(["--check", name])
            .arg(directory.path())
            .output()?;
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        let (outcome, lost) = match said.trim().split_once(" / ") {
            Some((outcome, lost)) => (outcome.to_owned(), lost.parse()?),
            None => ("crashed".to_owned(), COUNT),
        };
        *outcomes.entry(outcome).or_insert(0) += 1;
        most = most.max(lost);
    }
    Ok((outcomes, most))
}

/// Opens a store and says what it serves.
pub fn check(name: &str, path: &Path) -> Result<()> {
    let Ok(mut store) = stores::open(name, path) else {
        println!("would not open / {COUNT}");
        return Ok(());
    };
    let (mut lost, mut wrong, mut told) = (0, false, false);
    for number in 1..=COUNT {
        match store.read(&mailbox(number), number - 1, 1) {
            Ok(found) => match found.first() {
                Some((found, body)) if *found == number => wrong |= *body != record(number).body,
                _ => lost += 1,
            },
            Err(_) => (lost, told) = (lost + 1, true),
        }
    }
    told |= store.told();
    let outcome = match (wrong, lost > 0, told) {
        (true, _, _) => "served something wrong",
        (false, true, true) => "lost some and told",
        (false, true, false) => "lost some and did not tell",
        (false, false, true) => "lost none and told",
        (false, false, false) => "lost none and did not tell",
    };
    println!("{outcome} / {lost}");
    Ok(())
}

/// The files of a directory by their path in it, but not those that are only locked.
fn files(root: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let (mut files, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                let inside = entry.path().strip_prefix(root)?.to_owned();
                files.push((inside, fs::read(entry.path())?));
            }
        }
    }
    files.sort();
    Ok(files)
}
