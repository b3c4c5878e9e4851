use std::sync::mpsc;

use super::*;
use crate::store::{Fault, LogSpool, LogSpoolSettings, MemoryDirectory, Recipients, SimulatedDisk};

const MAILBOX: Id = Id::new([1; 32]);
const ALL: ReadLimit = ReadLimit {
    messages: usize::MAX,
    bytes: usize::MAX,
};

fn now() -> Timestamp {
    Timestamp::from_millis(1000)
}

fn message(sequence: u64) -> Message {
    Message {
        recipients: Recipients::One(MAILBOX),
        group: None,
        sender: Id::new([2; 32]),
        epoch: 1,
        sequence,
        expires: Timestamp::from_millis(u64::MAX),
        body: Arc::from(*b"body"),
    }
}

fn open(disk: &SimulatedDisk) -> Box<LogSpool> {
    let files = Box::new(disk.clone());
    Box::new(
        LogSpool::open(files, LogSpoolSettings::new(1), now())
            .unwrap()
            .0,
    )
}

fn start(disk: &SimulatedDisk, queue_bytes: usize) -> (StoreThread, StoreHandle) {
    let settings = StoreThreadSettings {
        queue_bytes,
        ..StoreThreadSettings::default()
    };
    let directory = Box::new(MemoryDirectory::new());
    StoreThread::start(open(disk), directory, settings, now).unwrap()
}

/// Makes the thread wait, so that what is asked meanwhile gathers, until what it gives is dropped.
fn hold(handle: &StoreHandle) -> mpsc::Sender<()> {
    let (began, begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let room = handle.try_reserve(1).unwrap();
    let wait = move |_: &mut dyn Spool, _: &mut dyn Directory, _| {
        began.send(()).unwrap();
        let _ = released.recv();
    };
    handle.look(room, wait).unwrap();
    begun.recv().unwrap();
    release
}

type Answered = Result<Vec<(Message, Result<Appended, StoreError>)>, StoreError>;

fn append(handle: &StoreHandle, sequence: u64, answers: &mpsc::Sender<Answered>) {
    let (room, answers) = (handle.try_reserve(100).unwrap(), answers.clone());
    let answer = move |answered| drop(answers.send(answered));
    handle
        .append(room, vec![message(sequence)], answer)
        .unwrap();
}

#[test]
fn what_gathers_is_committed_at_once() {
    let disk = SimulatedDisk::new(1);
    let (thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    append(&handle, 1, &answers);
    answered.recv().unwrap().unwrap();
    let (before, held) = (disk.operations(), hold(&handle));
    for sequence in 2..100 {
        append(&handle, sequence, &answers);
    }
    drop(held);
    for sequence in 2..100 {
        let given = answered.recv().unwrap().unwrap();
        assert_eq!(given[0].0, message(sequence));
        assert!(matches!(given[0].1, Ok(Appended::Stored { .. })));
    }
    // One write and one sync of the log, and one write of its index.
    assert_eq!(disk.operations() - before, 3);
    drop(handle);
    thread.join().unwrap();
}

#[test]
fn an_answer_comes_after_the_commit() {
    let disk = SimulatedDisk::new(1);
    let (_thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    let (room, at_answer) = (handle.try_reserve(100).unwrap(), disk.clone());
    let answer = move |_| drop(answers.send(at_answer.power_cut()));
    handle.append(room, vec![message(1)], answer).unwrap();
    let mut spool = open(&answered.recv().unwrap());
    let mut entries = Vec::new();
    spool.read(MAILBOX, 0, ALL, &mut entries).unwrap();
    assert_eq!(entries.len(), 1);
}

#[test]
fn a_reading_shows_what_is_on_the_disk_and_nothing_else() {
    let disk = SimulatedDisk::new(1);
    let (_thread, handle) = start(&disk, 1 << 20);
    let (answers, _answered) = mpsc::channel();
    let (read, given) = mpsc::channel();
    let held = hold(&handle);
    let (room, at_answer) = (handle.try_reserve(1).unwrap(), disk.clone());
    let answer = move |entries| drop(read.send((entries, at_answer.power_cut())));
    handle.read(room, (MAILBOX, 0, ALL), answer).unwrap();
    append(&handle, 1, &answers);
    drop(held);
    let (entries, disk) = given.recv().unwrap();
    let mut stored = Vec::new();
    open(&disk).read(MAILBOX, 0, ALL, &mut stored).unwrap();
    let positions = |entries: &[Entry]| {
        entries
            .iter()
            .map(|entry| entry.position)
            .collect::<Vec<_>>()
    };
    assert_eq!(positions(&entries.unwrap()), positions(&stored));
}

#[test]
fn when_the_disk_fails_everybody_is_told_and_later_ones_too() {
    let disk = SimulatedDisk::new(1);
    let (_thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    append(&handle, 1, &answers);
    answered.recv().unwrap().unwrap();
    let held = hold(&handle);
    append(&handle, 2, &answers);
    append(&handle, 3, &answers);
    disk.fail_after(1, Fault::Broken);
    drop(held);
    for sequence in 2..5 {
        let error = answered.recv().unwrap().unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Disk);
        if sequence < 4 {
            append(&handle, 2 + sequence, &answers);
        }
    }
}

#[test]
fn only_so_much_waits_for_the_disk() {
    let disk = SimulatedDisk::new(1);
    let (_thread, handle) = start(&disk, 250);
    let (answers, answered) = mpsc::channel();
    let held = hold(&handle);
    append(&handle, 1, &answers);
    append(&handle, 2, &answers);
    assert!(handle.try_reserve(100).is_none());
    drop(held);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    // What needs more than there is gets all there is, once the others are done.
    let room = runtime.block_on(handle.reserve(10_000));
    assert_eq!(room.bytes(), 250);
    assert_eq!(answered.try_iter().count(), 2);
}

#[test]
fn the_thread_ends_when_all_is_done_that_was_asked() {
    let disk = SimulatedDisk::new(1);
    let (thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    for sequence in 1..10 {
        append(&handle, sequence, &answers);
    }
    let room = handle.try_reserve(10).unwrap();
    handle.acknowledge(room, vec![(MAILBOX, 0..=4)]).unwrap();
    drop((handle, answers));
    thread.join().unwrap();
    assert_eq!(answered.iter().filter(Result::is_ok).count(), 9);
    assert_eq!(open(&disk.power_cut()).usage(MAILBOX).messages, 5);
}

#[test]
fn does_all_that_was_asked_before_it_stops_and_nothing_behind() {
    let (thread, handle) = start(&SimulatedDisk::new(1), 1 << 20);
    let (told, heard) = mpsc::channel();
    let appended = told.clone();
    let room = handle.try_reserve(1).unwrap();
    let messages = vec![message(1)];
    let answer = move |result: Answered| appended.send(result.unwrap().len()).unwrap();
    handle.append(room, messages, answer).unwrap();
    handle.stop(move || told.send(0).unwrap()).unwrap();
    assert_eq!(heard.iter().collect::<Vec<_>>(), [1, 0]);
    thread.join().unwrap();
    let room = handle.try_reserve(1).unwrap();
    let error = handle.append(room, Vec::new(), |_| ()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Stopped);
}

#[test]
fn acknowledgements_alone_are_written_and_not_synced() {
    let disk = SimulatedDisk::new(1);
    let (thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    for sequence in 1..10 {
        append(&handle, sequence, &answers);
    }
    drop(hold(&handle));
    let before = disk.operations();
    for position in 1..6 {
        let positions = vec![(MAILBOX, position..=position)];
        handle.acknowledge(Room::none(), positions).unwrap();
        drop(hold(&handle));
    }
    drop(hold(&handle));
    // One write of the log each.
    assert_eq!(disk.operations() - before, 5);
    // The program may be killed now.
    assert_eq!(open(&disk).usage(MAILBOX).messages, 4);
    handle.stop(|| ()).unwrap();
    thread.join().unwrap();
    drop(answered);
}

#[test]
fn an_acknowledgement_is_told_in_its_turn_among_what_is_written() {
    let (_thread, handle) = start(&SimulatedDisk::new(1), 1 << 20);
    let (told, heard) = mpsc::channel();
    let held = hold(&handle);
    for name in ["before", "after"] {
        let (wrote, written) = (told.clone(), told.clone());
        let write = move |_: &mut dyn Spool, _: &mut dyn Directory, _| wrote.send(name).unwrap();
        let answer = move |_| written.send("committed").unwrap();
        handle.write(Room::none(), write, answer).unwrap();
        let (told, positions) = (told.clone(), vec![(MAILBOX, 0..=1)]);
        let done = move |_: &[u64]| told.send("acknowledged").unwrap();
        handle
            .acknowledge_then(Room::none(), positions, done)
            .unwrap();
    }
    drop((held, told));
    let order = ["before", "acknowledged", "after", "acknowledged"];
    assert_eq!(heard.iter().take(4).collect::<Vec<_>>(), order);
}

#[test]
fn the_next_commit_makes_acknowledgements_certain() {
    let disk = SimulatedDisk::new(1);
    let (_thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    append(&handle, 1, &answers);
    answered.recv().unwrap().unwrap();
    let positions = vec![(MAILBOX, 0..=u64::MAX)];
    handle.acknowledge(Room::none(), positions).unwrap();
    drop(hold(&handle));
    let (wrote, written) = mpsc::channel();
    let nothing = |_: &mut dyn Spool, _: &mut dyn Directory, _| {};
    let answer = move |done: Result<(), StoreError>| wrote.send(done).unwrap();
    handle.write(Room::none(), nothing, answer).unwrap();
    written.recv().unwrap().unwrap();
    assert_eq!(open(&disk.power_cut()).usage(MAILBOX).messages, 0);
}

#[test]
fn a_thread_that_is_stopped_does_what_it_was_asked_and_commits() {
    let disk = SimulatedDisk::new(1);
    let (thread, handle) = start(&disk, 1 << 20);
    let (answers, answered) = mpsc::channel();
    let held = hold(&handle);
    append(&handle, 1, &answers);
    append(&handle, 2, &answers);
    let positions = vec![(MAILBOX, 1..=1)];
    handle.acknowledge(Room::none(), positions).unwrap();
    let other = handle.clone();
    handle.stop(|| ()).unwrap();
    assert!(other.stop(|| ()).is_err());
    let late = other.acknowledge(Room::none(), Vec::new()).unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Stopped);
    drop(held);
    thread.join().unwrap();
    assert_eq!(answered.try_iter().filter(Result::is_ok).count(), 2);
    assert_eq!(open(&disk.power_cut()).usage(MAILBOX).messages, 1);
}

#[tokio::test(start_paused = true)]
async fn as_a_task_it_answers_after_the_time_that_the_disk_takes() {
    let (disk, begin) = (SimulatedDisk::new(1), tokio::time::Instant::now());
    let directory = Box::new(MemoryDirectory::new());
    let (settings, delay) = (StoreThreadSettings::default(), Duration::from_millis(70));
    let handle = StoreHandle::spawn(open(&disk), directory, settings, now, move || delay);
    let (answers, answered) = mpsc::channel();
    append(&handle, 1, &answers);
    append(&handle, 2, &answers);
    let (stopped, done) = tokio::sync::oneshot::channel();
    handle.stop(move || stopped.send(()).unwrap()).unwrap();
    done.await.unwrap();
    assert_eq!(begin.elapsed(), delay, "both in one batch");
    assert_eq!(answered.try_iter().filter(Result::is_ok).count(), 2);
    assert!(handle.stop(|| {}).is_err());
}
