//! The one thread that owns the store.

#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    ops::RangeInclusive,
    sync::{Arc, PoisonError, RwLock},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    time::sleep,
};

use super::{
    Appended, Directory, Entry, Id, Message, ReadLimit, Spool, StoreError, StoreErrorKind,
};
use crate::Timestamp;

/// A thread that owns a spool and a directory, and commits once for all that gathered while it
/// committed before.
///
/// What it is asked comes through a [`StoreHandle`]. It ends when all of those are gone or one was
/// [stopped](StoreHandle::stop), after it has done everything they asked and committed.
#[derive(Debug)]
pub struct StoreThread {
    thread: JoinHandle<()>,
}

/// The way to ask a [`StoreThread`].
///
/// Whatever is asked takes [`Room`] in its queue first, which is what bounds the memory that waits
/// for the disk; only what is few in another way may go [without](Room::none). Answers are given by calling a closure on the thread, after the commit; it must not
/// wait, since everybody waits for it.
#[derive(Clone)]
pub struct StoreHandle {
    /// None once it is stopped.
    jobs: Arc<RwLock<Option<UnboundedSender<Work>>>>,
    room: Arc<Semaphore>,
    queue_bytes: usize,
}

/// Room in the queue of a [`StoreThread`], which is free again when the answer was given.
#[derive(Debug)]
pub struct Room {
    permit: Option<OwnedSemaphorePermit>,
}

/// How a [`StoreThread`] is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreThreadSettings {
    /// How many bytes may wait for the disk, at most 512 MiB.
    pub queue_bytes: usize,
    /// So many jobs are committed together at most.
    pub batch_jobs: usize,
}

impl Default for StoreThreadSettings {
    /// 16 MiB, and 4,096 jobs.
    fn default() -> Self {
        Self {
            queue_bytes: 16 << 20,
            batch_jobs: 4096,
        }
    }
}

/// What the thread owns.
struct Stores {
    spool: Box<dyn Spool>,
    directory: Box<dyn Directory>,
}

type Answer = Box<dyn FnOnce(Result<(), StoreError>)>;
type Write = Box<dyn FnOnce(&mut Stores, Timestamp) -> Answer + Send>;
type Read = Box<dyn FnOnce(&mut Stores, Timestamp) + Send>;
type Done = Box<dyn FnOnce() + Send>;
type Acknowledged = Box<dyn FnOnce(&[u64]) + Send>;

struct Work {
    job: Job,
    _room: Room,
}

enum Job {
    /// Done before the commit, and answered after it.
    Write(Write),
    /// Acknowledges, for which alone nothing is synced, and tells of it.
    Acknowledge(Vec<(Id, RangeInclusive<u64>)>, Acknowledged),
    /// Done after the commit: what is read is on the disk.
    Read(Read),
    /// The last one, answered when everything is closed.
    Stop(Done),
}

impl StoreThread {
    /// Starts the thread, which asks `clock` for the time once a batch.
    ///
    /// # Errors
    /// When the operating system has no thread.
    pub fn start(
        spool: Box<dyn Spool>,
        directory: Box<dyn Directory>,
        settings: StoreThreadSettings,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> io::Result<(Self, StoreHandle)> {
        let (handle, mut queue) = StoreHandle::new(settings);
        let mut stores = Stores { spool, directory };
        let most = settings.batch_jobs.max(1);
        let thread = Builder::new().name("store".to_owned()).spawn(move || {
            let stopped = stores.serve(&mut queue, most, &clock);
            drop(queue);
            drop(stores);
            if let Some(done) = stopped {
                done();
            }
        })?;
        Ok((Self { thread }, handle))
    }

    /// Waits until the thread has ended, for which one handle must be stopped or all be dropped.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when it panicked.
    pub fn join(self) -> Result<(), StoreError> {
        self.thread.join().map_err(|_| stopped())
    }
}

impl StoreHandle {
    /// Starts the same as a task of the current tokio runtime, for a simulation in one thread, whose
    /// time stands still meanwhile: it waits for as long as `delay` says before each batch, as it would
    /// for a slow disk.
    ///
    /// # Panics
    /// Outside a tokio runtime with its timers.
    pub fn spawn(
        spool: Box<dyn Spool>,
        directory: Box<dyn Directory>,
        settings: StoreThreadSettings,
        clock: impl Fn() -> Timestamp + Send + 'static,
        mut delay: impl FnMut() -> Duration + Send + 'static,
    ) -> Self {
        let (handle, mut queue) = Self::new(settings);
        let mut stores = Stores { spool, directory };
        let most = settings.batch_jobs.max(1);
        tokio::spawn(async move {
            let mut stopped = None;
            while stopped.is_none()
                && let Some(first) = queue.recv().await
            {
                sleep(delay()).await;
                stopped = stores.batch(first, &mut queue, most, clock());
            }
            stores.end();
            drop((queue, stores));
            if let Some(done) = stopped {
                done();
            }
        });
        handle
    }

    fn new(settings: StoreThreadSettings) -> (Self, UnboundedReceiver<Work>) {
        let (jobs, queue) = unbounded_channel();
        let queue_bytes = settings.queue_bytes.clamp(1, 512 << 20);
        let handle = Self {
            jobs: Arc::new(RwLock::new(Some(jobs))),
            room: Arc::new(Semaphore::new(queue_bytes)),
            queue_bytes,
        };
        (handle, queue)
    }

    /// Waits for room for so many bytes. What needs more than the whole queue gets the whole queue.
    ///
    /// # Cancel safety
    /// Dropping the future gives its place in the line back and nothing else.
    pub async fn reserve(&self, bytes: usize) -> Room {
        let room = self.room.clone();
        let permit = room.acquire_many_owned(self.permits(bytes)).await;
        Room {
            permit: permit.ok(),
        }
    }

    /// Room for so many bytes, if there is some now.
    pub fn try_reserve(&self, bytes: usize) -> Option<Room> {
        let room = self.room.clone();
        let permit = room.try_acquire_many_owned(self.permits(bytes)).ok();
        permit.map(|permit| Room {
            permit: Some(permit),
        })
    }

    /// Appends messages, and gives them back with what became of each once they are on the disk.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended; nobody answers then.
    pub fn append(
        &self,
        room: Room,
        messages: Vec<Message>,
        answer: impl FnOnce(Result<Vec<(Message, Result<Appended, StoreError>)>, StoreError>)
        + Send
        + 'static,
    ) -> Result<(), StoreError> {
        let append = |spool: &mut dyn Spool, _: &mut dyn Directory, now| {
            let appended = messages.into_iter().map(|message| {
                let appended = spool.append(&message, now);
                (message, appended)
            });
            appended.collect::<Vec<_>>()
        };
        self.write(room, append, answer)
    }

    /// Acknowledges messages. A failure shows in what is asked next.
    ///
    /// Nobody waits for an acknowledgement, so that it costs no sync: it outlives the process as
    /// soon as the thread comes to it, and a power cut from the next commit on, of whatever is
    /// [appended](StoreHandle::append) or [written](StoreHandle::write). Whoever wants a bound for
    /// that writes at times, if it be nothing.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended.
    pub fn acknowledge(
        &self,
        room: Room,
        positions: Vec<(Id, RangeInclusive<u64>)>,
    ) -> Result<(), StoreError> {
        self.acknowledge_then(room, positions, |_| {})
    }

    /// The same, and `done` is called, with the positions at which there was something, as soon as the
    /// thread has come to it: after what was asked before, [writes](StoreHandle::write) among it, was done and perhaps not committed, and before
    /// what was asked later.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended; `done` is not called then.
    pub fn acknowledge_then(
        &self,
        room: Room,
        positions: Vec<(Id, RangeInclusive<u64>)>,
        done: impl FnOnce(&[u64]) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.send(room, Job::Acknowledge(positions, Box::new(done)))
    }

    /// Reads a mailbox, after everything that was asked before is on the disk.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended; nobody answers then.
    pub fn read(
        &self,
        room: Room,
        (mailbox, from, limit): (Id, u64, ReadLimit),
        answer: impl FnOnce(Result<Vec<Entry>, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.look(room, move |spool, _, _| {
            let mut entries = Vec::new();
            let read = spool.read(mailbox, from, limit, &mut entries);
            answer(read.map(|()| entries));
        })
    }

    /// Changes something and answers after the commit: with what `write` gave, or with why the
    /// commit failed.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended; nobody answers then.
    pub fn write<T: 'static>(
        &self,
        room: Room,
        write: impl FnOnce(&mut dyn Spool, &mut dyn Directory, Timestamp) -> T + Send + 'static,
        answer: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let write: Write = Box::new(|stores, now| {
            let given = write(&mut *stores.spool, &mut *stores.directory, now);
            Box::new(|committed: Result<(), StoreError>| answer(committed.map(|()| given)))
        });
        self.send(room, Job::Write(write))
    }

    /// Looks at something, after everything that was asked before is on the disk.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended.
    pub fn look(
        &self,
        room: Room,
        look: impl FnOnce(&mut dyn Spool, &mut dyn Directory, Timestamp) + Send + 'static,
    ) -> Result<(), StoreError> {
        let read: Read = Box::new(|stores, now| {
            look(&mut *stores.spool, &mut *stores.directory, now);
        });
        self.send(room, Job::Read(read))
    }

    /// Has the thread do everything that was asked before, commit, close the files and end; whatever
    /// is asked later, through any handle, is refused. `done` is called when others may open the
    /// files.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stopped`] when the thread has ended already, or was told to.
    pub fn stop(&self, done: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let mut jobs = self.jobs.write().unwrap_or_else(PoisonError::into_inner);
        let last = Work {
            job: Job::Stop(Box::new(done)),
            _room: Room::none(),
        };
        let jobs = jobs.take().ok_or_else(stopped)?;
        jobs.send(last).map_err(|_| stopped())
    }

    fn send(&self, room: Room, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or_else(stopped)?;
        let work = Work { job, _room: room };
        jobs.send(work).map_err(|_| stopped())
    }

    fn permits(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.clamp(1, self.queue_bytes)).unwrap_or(u32::MAX)
    }
}

impl Room {
    /// No room, which is never waited for. Only for what is bounded in another way: one reading of
    /// a mailbox under way at a time, acknowledgements of what was read and not yet acknowledged.
    pub fn none() -> Self {
        Self { permit: None }
    }

    /// How many bytes it is for.
    pub fn bytes(&self) -> usize {
        let permit = self.permit.as_ref();
        permit.map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

impl Stores {
    /// Does what is asked until all handles are gone, or it is told to stop; then it gives whom to
    /// tell.
    fn serve(
        &mut self,
        queue: &mut UnboundedReceiver<Work>,
        most: usize,
        clock: &dyn Fn() -> Timestamp,
    ) -> Option<Done> {
        let mut stop = None;
        while stop.is_none()
            && let Some(first) = queue.blocking_recv()
        {
            stop = self.batch(first, queue, most, clock());
        }
        self.end();
        stop
    }

    /// Commits what was acknowledged last.
    fn end(&mut self) {
        // Nobody is left to be told that it failed.
        let _ = self.commit();
    }

    /// Does what gathered, commits once, and answers; if it is told to stop, gives whom to tell.
    fn batch(
        &mut self,
        first: Work,
        queue: &mut UnboundedReceiver<Work>,
        most: usize,
        now: Timestamp,
    ) -> Option<Done> {
        let mut stop = None;
        let (mut answers, mut reads) = (Vec::new(), Vec::new());
        let mut acknowledged = false;
        let gathered = std::iter::from_fn(|| queue.try_recv().ok()).take(most - 1);
        for Work { job, _room: room } in std::iter::once(first).chain(gathered) {
            match job {
                Job::Write(write) => answers.push((write(self, now), room)),
                Job::Acknowledge(positions, done) => {
                    done(&self.acknowledge(positions));
                    acknowledged = true;
                }
                Job::Read(read) => reads.push((read, room)),
                Job::Stop(done) => {
                    stop = Some(done);
                    break;
                }
            }
        }
        let committed = if !answers.is_empty() {
            self.commit()
        } else if acknowledged {
            self.spool.flush()
        } else {
            Ok(())
        };
        for (answer, _room) in answers {
            answer(committed.clone());
        }
        for (read, _room) in reads {
            read(self, now);
        }
        stop
    }

    /// Acknowledges as far as it goes, and gives the positions at which there was something; whatever
    /// fails makes the commit or the flush fail too.
    fn acknowledge(&mut self, positions: Vec<(Id, RangeInclusive<u64>)>) -> Vec<u64> {
        let mut acknowledged = Vec::new();
        for (mailbox, positions) in positions {
            let held = self.spool.held(mailbox, positions.clone());
            if self.spool.acknowledge(mailbox, positions).is_err() {
                break;
            }
            acknowledged.extend(held);
        }
        acknowledged
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.directory.commit()?;
        self.spool.commit()
    }
}

fn stopped() -> StoreError {
    let text = "the thread of the store has ended; start the router again";
    StoreError::new(StoreErrorKind::Stopped, text)
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.room.available_permits();
        f.debug_struct("StoreHandle")
            .field("free_bytes", &free)
            .finish_non_exhaustive()
    }
}
