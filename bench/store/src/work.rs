//! What the stores do, and how long it takes.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Result,
    stores::{self, MAILBOXES, NAMES, Store, mailbox, record},
    table::Table,
};

/// How many records are appended at once, and how often.
const BATCHES: [(u64, u64); 4] = [(1, 400), (64, 100), (256, 60), (1024, 40)];

/// Records that are read and acknowledged.
const QUEUED: u64 = 100_000;

/// Records that come and go while this many stay.
const CHURNED: u64 = 50_000;
const STAYING: u64 = 10_240;

/// Rounds in which stores are killed.
const KILLS: u64 = 3;

/// How the work is done.
pub struct Options {
    rounds: u64,
    /// Records that are there when a store is killed.
    records: u64,
    /// All work is divided by this.
    less: u64,
}

impl Options {
    pub fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            rounds: 5,
            records: 1_000_000,
            less: 1,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--short" => (options.rounds, options.records, options.less) = (1, 10_000, 20),
                "--rounds" => {
                    options.rounds = words.next().ok_or("--rounds wants a number")?.parse()?
                }
                "--records" => {
                    options.records = words.next().ok_or("--records wants a number")?.parse()?
                }
                other => {
                    return Err(format!(
                        "no option {other}; there are --short, --rounds N, --records N, --damage"
                    )
                    .into());
                }
            }
        }
        Ok(options)
    }
}

/// Lets all stores do everything, in turns, and prints the medians.
pub fn run(options: &Options) -> Result<()> {
    let mut table = Table::new(NAMES);
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        for (batch, times) in BATCHES {
            let row = format!("append, {batch} to a sync, records/s");
            for name in NAMES {
                table.add(
                    &row,
                    name,
                    append(name, batch, times.div_ceil(options.less))?,
                );
            }
        }
        for name in NAMES {
            let (read, removed) = drain(name, QUEUED / options.less)?;
            table.add("read in order, records/s", name, read);
            table.add(
                "read 256 and acknowledge, a sync each, records/s",
                name,
                removed,
            );
        }
        for name in NAMES {
            let mebibytes = churn(name, CHURNED / options.less)?;
            table.add(
                "space with 10,240 records left of 50,000, MiB",
                name,
                mebibytes,
            );
        }
        // Filling takes long, and opening differs little.
        let again = if round < KILLS { NAMES } else { &[] };
        for name in again {
            let (millis, mebibytes) = recover(name, options.records)?;
            let row = format!("open after SIGKILL with {} records, ms", options.records);
            table.add(&row, name, millis);
            table.add("space with these records, MiB", name, mebibytes);
        }
    }
    table.print();
    Ok(())
}

fn append(name: &str, batch: u64, times: u64) -> Result<f64> {
    let directory = tempfile::tempdir_in(place())?;
    let mut store = stores::open(name, directory.path())?;
    // Making the files is no part of it.
    store.append(&(1..=batch).map(record).collect::<Vec<_>>())?;
    let batches: Vec<Vec<_>> = (1..=times)
        .map(|time| {
            (1..=batch)
                .map(|number| record(time * batch + number))
                .collect()
        })
        .collect();
    let start = Instant::now();
    for batch in &batches {
        store.append(batch)?;
    }
    Ok((times * batch) as f64 / start.elapsed().as_secs_f64())
}

/// Reads a queue from its begin to its end, and then takes it away piece by piece. The store was
/// closed in between, so that nothing comes from what it has kept in memory.
fn drain(name: &str, count: u64) -> Result<(f64, f64)> {
    let directory = tempfile::tempdir_in(place())?;
    put(&mut *stores::open(name, directory.path())?, 1, count)?;
    let mut store = stores::open(name, directory.path())?;
    let start = Instant::now();
    for id in (0..MAILBOXES).map(mailbox) {
        read_mailbox(&mut *store, &id, count, |_, _| Ok(()))?;
    }
    let read = count as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    for id in (0..MAILBOXES).map(mailbox) {
        read_mailbox(&mut *store, &id, count, |store, numbers| {
            store.acknowledge(&id, numbers)
        })?;
    }
    Ok((read, count as f64 / start.elapsed().as_secs_f64()))
}

/// Reads a mailbox in pieces of 256 and checks that every record is there as it was written.
fn read_mailbox(
    store: &mut dyn Store,
    id: &[u8; 32],
    count: u64,
    mut then: impl FnMut(&mut dyn Store, &[u64]) -> Result<()>,
) -> Result<()> {
    let mut expected = (1..=count).filter(|number| mailbox(*number) == *id);
    let mut after = 0;
    loop {
        let piece = store.read(id, after, 256)?;
        let Some((last, _)) = piece.last() else {
            break;
        };
        after = *last;
        for (number, body) in &piece {
            if expected.next() != Some(*number) || *body != record(*number).body {
                return Err(format!("record {number} is not what was appended").into());
            }
        }
        let numbers: Vec<_> = piece.iter().map(|(number, _)| *number).collect();
        then(store, &numbers)?;
    }
    match expected.next() {
        Some(number) => Err(format!("record {number} is not there").into()),
        None => Ok(()),
    }
}

/// Lets records come and go, and gives what the files take when few are left, in MiB.
fn churn(name: &str, count: u64) -> Result<f64> {
    let directory = tempfile::tempdir_in(place())?;
    let mut store = stores::open(name, directory.path())?;
    let mut end = 0;
    while end < count {
        put(&mut *store, end + 1, 1024)?;
        end += 1024;
        let Some(first) = (end + 1).checked_sub(STAYING + 1024) else {
            continue;
        };
        for id in (0..MAILBOXES).map(mailbox) {
            let gone = first..first + 1024;
            let numbers: Vec<_> = gone.filter(|number| mailbox(*number) == id).collect();
            store.acknowledge(&id, &numbers)?;
        }
    }
    drop(store);
    // What a store does when it is opened and closed belongs to it.
    drop(stores::open(name, directory.path())?);
    space(directory.path())
}

/// Kills a store in another process, and gives how long it takes until it serves again, and what its
/// files take.
fn recover(name: &str, count: u64) -> Result<(f64, f64)> {
    let directory = tempfile::tempdir_in(place())?;
    let mut child = Command::new(env::current_exe()?)
        .args(["--fill", name])
        .arg(directory.path())
        .arg(count.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let said = child.stdout.take().ok_or("no standard output")?;
    let filled = BufReader::new(said).lines().next();
    child.kill()?;
    child.wait()?;
    filled.ok_or("the store was not filled")??;
    let mebibytes = space(directory.path())?;
    let start = Instant::now();
    let mut store = stores::open(name, directory.path())?;
    let first = store.read(&mailbox(1), 0, 1)?;
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    if first
        .first()
        .is_none_or(|(number, body)| *number != 1 || *body != record(1).body)
    {
        return Err("the first record is not there".into());
    }
    for id in (0..MAILBOXES).map(mailbox) {
        read_mailbox(&mut *store, &id, count, |_, _| Ok(()))?;
    }
    Ok((millis, mebibytes))
}

/// Fills a store, says so, and waits to be killed.
pub fn fill(name: &str, path: &Path, count: &str) -> Result<()> {
    let mut store = stores::open(name, path)?;
    put(&mut *store, 1, count.parse()?)?;
    println!("filled");
    std::io::stdout().flush()?;
    loop {
        std::thread::park();
    }
}

/// Appends records from a number on, 1024 to a sync.
pub fn put(store: &mut dyn Store, first: u64, count: u64) -> Result<()> {
    let end = first + count;
    let mut at = first;
    while at < end {
        let next = end.min(at + 1024);
        store.append(&(at..next).map(record).collect::<Vec<_>>())?;
        at = next;
    }
    Ok(())
}

/// A place on a disk: `/tmp` may be memory.
pub fn place() -> std::path::PathBuf {
    env::var_os("STORE_BENCH_DIR").map_or_else(env::temp_dir, Into::into)
}

/// What the files of a directory take on the disk, in MiB.
fn space(path: &Path) -> Result<f64> {
    let mut blocks = 0;
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if about.is_dir() {
                open.push(entry.path());
            } else {
                blocks += about.blocks();
            }
        }
    }
    Ok(blocks as f64 * 512.0 / (1 << 20) as f64)
}
