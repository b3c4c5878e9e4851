//! Keeping what changed in the store, and answering once it is there.

use std::{collections::BTreeSet, future, mem, sync::Arc};

use tokio::sync::oneshot;
use tuyau_wire::{Level, Message, RejectCode};

use crate::{
    State, StateDir, Timestamp,
    engine::SessionId,
    kept::{self, Kept},
    outbox::Outbox,
    snapshot,
    store::{Directory, Room, Spool, StoreError, StoreErrorKind, StoreHandle},
};

/// Why something was not accepted that could not be kept.
const NOT_KEPT: &str = "this router cannot write to its disk, so it would forget this; tell \
                        whoever runs it, and try again later";

/// Keeps the state in the store.
///
/// What changes gathers while a job for the store is under way, and is the next one: so there is one
/// commit for many changes, and nothing waits but the names of what changed and the answers.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    place: Option<Place>,
    next: Batch,
    under_way: Option<(Batch, oneshot::Receiver<Result<(), StoreError>>)>,
    /// The counter as it was written last.
    processed: u64,
    failed: bool,
}

/// The store, and the directory of its files, if it is one of the disk.
type Place = (StoreHandle, Option<Arc<StateDir>>);

/// What is kept by one job.
#[derive(Debug, Default)]
struct Batch {
    changed: BTreeSet<Kept>,
    /// Whether it is the whole state.
    all: bool,
    /// Whose statements are then accepted, by their numbers.
    answers: Vec<(Outbox, u64)>,
    /// Sessions that end when they have their answers, and why.
    closing: Vec<(Outbox, String)>,
    /// Who else is to be told.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Keeping {
    /// Keeps nothing without a place to keep it; the counter there is `processed`.
    pub(super) fn new(place: Option<Place>, processed: u64) -> Self {
        Self {
            place,
            processed,
            ..Self::default()
        }
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.place.is_some()
    }

    /// Keeps something, and accepts afterwards what a session said with a number.
    pub(super) fn keep(&mut self, kept: Kept, answer: Option<(Outbox, u64)>) {
        if !self.keeps() {
            return;
        }
        self.next.changed.insert(kept);
        self.next.answers.extend(answer);
    }

    /// Keeps the whole state in the place of the one that is kept.
    pub(super) fn keep_all(&mut self) {
        self.next.all = self.place.is_some();
    }

    /// Closes a session, once what it still waits for was answered.
    pub(super) fn close(&mut self, outbox: &Outbox, reason: &str) {
        let under_way = self.under_way.as_mut().map(|(batch, _)| batch);
        let batches = [Some(&mut self.next), under_way];
        let owing = batches.into_iter().flatten().find(|it| it.owes(outbox));
        match owing {
            Some(batch) => batch.closing.push((outbox.clone(), reason.to_owned())),
            None => outbox.close(reason),
        }
    }

    /// Tells when everything so far was kept, or could not be.
    pub(super) fn kept(&mut self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        match &mut self.under_way {
            _ if !self.next.is_empty() => self.next.waiting.push(tell),
            Some((batch, _)) => batch.waiting.push(tell),
            None => drop(tell.send(())),
        }
        told
    }

    /// Gives the store what changed, unless it has some of it before it; the counter too, when told
    /// to, as with each tick. After a failure it is tried with ticks only.
    pub(super) fn begin(&mut self, state: &State, counter: bool) {
        let Some((store, state_dir)) = &self.place else {
            return;
        };
        let counts = counter && self.processed != state.processed && !self.failed;
        let pauses = self.failed && !counter;
        if self.under_way.is_some() || pauses || self.next.is_empty() && !counts {
            return;
        }
        let batch = mem::take(&mut self.next);
        let write = match batch.all {
            true => replace(state, state_dir.clone()),
            false => change(&batch.changed, state, counts),
        };
        if counts || batch.all {
            self.processed = state.processed;
        }
        let (done, told) = oneshot::channel();
        let (all, state_dir) = (batch.all, state_dir.clone());
        let answer = move |written: Result<Result<(), StoreError>, StoreError>| {
            let taken = |()| match &state_dir {
                Some(dir) if all => dir.took_snapshot().map_err(|error| failed(&error)),
                _ => Ok(()),
            };
            drop(done.send(written.flatten().and_then(taken)));
        };
        let write = |_: &mut dyn Spool, directory: &mut dyn Directory, now| write(directory, now);
        // When the store has ended, so has the other end of this.
        let _ = store.write(Room::none(), write, answer);
        self.under_way = Some((batch, told));
    }

    /// Waits until the job that is under way is done, and answers. Gives whose statements were
    /// accepted, or why it failed, the first time that one does.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn done(&mut self) -> Result<Vec<SessionId>, Option<StoreError>> {
        let Some((_, told)) = &mut self.under_way else {
            return future::pending().await;
        };
        let done = told.await.unwrap_or_else(|_| Err(ended()));
        let Some((batch, _)) = self.under_way.take() else {
            return Ok(Vec::new());
        };
        match &done {
            Ok(()) => batch.answers.iter().for_each(accept),
            Err(_) => {
                // A part of it may be there, and must not stay.
                self.next.all |= batch.all;
                batch.answers.iter().for_each(refuse);
            }
        }
        for (outbox, reason) in batch.closing {
            self.close(&outbox, &reason);
        }
        for waiting in batch.waiting {
            let _ = waiting.send(());
        }
        let before = mem::replace(&mut self.failed, done.is_err());
        let answered = batch.answers.iter().map(|(outbox, _)| outbox.session());
        done.map(|()| answered.collect())
            .map_err(|error| Some(error).filter(|_| !before))
    }

    /// Closes the sessions that wait for their answers: nobody answers any more.
    pub(super) fn close_all(&mut self) {
        let under_way = self.under_way.take().map(|(batch, _)| batch);
        for batch in [Some(mem::take(&mut self.next)), under_way] {
            for (outbox, reason) in batch.into_iter().flat_map(|batch| batch.closing) {
                outbox.close(&reason);
                outbox.end_turn(None);
            }
        }
    }

    /// Whether something is not kept yet.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether the last job failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether nothing is lost when the router ends now.
    pub(super) fn is_saved(&self) -> bool {
        !self.failed && self.under_way.is_none() && self.next.is_empty()
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        !self.all && self.changed.is_empty()
    }

    fn owes(&self, outbox: &Outbox) -> bool {
        self.answers.iter().any(|(whom, _)| whom.is(outbox))
    }
}

type Write = Box<dyn FnOnce(&mut dyn Directory, Timestamp) -> Result<(), StoreError> + Send>;

fn change(changed: &BTreeSet<Kept>, state: &State, counts: bool) -> Write {
    let changes = changed.iter().map(|kept| kept.change(state));
    let changes: Vec<_> = changes.collect();
    let processed = counts.then_some(state.processed);
    Box::new(move |directory, now| {
        for change in changes {
            change.apply(directory)?;
        }
        directory.expire(now)?;
        match processed {
            Some(processed) => directory.set_counter(kept::PROCESSED, processed),
            None => Ok(()),
        }
    })
}

/// Many records are not written all or none. The snapshot is, and the next start takes it over when
/// this one is cut off.
fn replace(state: &State, state_dir: Option<Arc<StateDir>>) -> Write {
    let (items, processed) = (kept::items(state), state.processed);
    let snapshot = snapshot::encode(state);
    Box::new(move |directory, _| {
        let left = state_dir.map(|dir| dir.leave_snapshot(&snapshot));
        left.transpose().map_err(|error| failed(&error))?;
        kept::replace(directory, items, processed)
    })
}

fn accept((outbox, sequence): &(Outbox, u64)) {
    outbox.tell(&accepted(*sequence));
}

/// The answer to what was accepted.
pub(super) fn accepted(sequence: u64) -> Message<'static> {
    let (level, first, last) = (Level::Accepted, sequence, sequence);
    Message::Receipt { level, first, last }
}

fn refuse((outbox, sequence): &(Outbox, u64)) {
    outbox.tell(&Message::Reject {
        sequence: Some(*sequence),
        code: RejectCode::Internal,
        text: NOT_KEPT,
    });
}

fn failed(error: &std::io::Error) -> StoreError {
    let text = format!("cannot write a snapshot to the state directory: {error}");
    StoreError::new(StoreErrorKind::Disk, text)
}

fn ended() -> StoreError {
    let text = "the thread of the store has ended; start the router again";
    StoreError::new(StoreErrorKind::Stopped, text)
}

#[cfg(test)]
mod tests;
