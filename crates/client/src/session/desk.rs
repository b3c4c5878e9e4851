//! What the callers of a session and its task share: what is to be written, and what waits for
//! answers.

use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::sync::Notify;
use tuyau_wire::{
    Class, Identity, Level, Message, Parameter,
    fast::{self, Kind, Parts},
};

use super::{
    Peer,
    acknowledgements::Acknowledgements,
    error::{Rejection, RequestError, SessionError, SessionErrorKind as Kinds},
    flush::Flushes,
    handles::{Handles, Lane},
    notice::Notice,
    open::{Answer, Awaited, Open, Outcome, Watched},
};

/// When this many bytes wait to be written, further callers wait.
const OUTPUT_MAX: usize = 256 * 1_024;

/// How many things may be without an answer; further callers wait.
const OPEN_MAX: usize = 65_536;

/// Why something cannot be sent now, or ever.
#[derive(Debug)]
pub(super) enum Blocked {
    /// Who waits for this is told when it may have changed.
    Until(Arc<Notify>),
    /// It will not be.
    For(RequestError),
}

/// Where a session is in its life.
#[derive(Debug)]
enum Phase {
    Open,
    /// What was taken is still sent, and nothing more is taken.
    Closing,
    Over(SessionError),
}

/// What callers and the session's task share. It is never locked across I/O.
#[derive(Debug)]
pub(super) struct Desk {
    /// Frames that the task has not taken yet.
    output: Vec<u8>,
    /// The longest message that the router accepts, in bytes.
    limit: u64,
    /// The last sequence number that was used.
    last: u64,
    pub(super) handles: Handles,
    pub(super) open: Open,
    pub(super) acknowledgements: Acknowledgements,
    pub(super) flushes: Flushes,
    /// The groups that were joined, by the number of the request.
    joined: HashMap<u64, Identity>,
    /// The number of the last registration, unless it was taken back.
    registered: Option<u64>,
    /// Told when something of which there is a limited amount has become free.
    room: Arc<Notify>,
    /// Whether somebody waits for that.
    crowded: bool,
    phase: Phase,
    /// The session's task, and whether it has been woken and has not come yet.
    task: Option<Waker>,
    woken: bool,
    /// Who is to be woken once the lock is free.
    wakers: Vec<Waker>,
}

impl Desk {
    pub(super) fn new(peer: &Peer) -> Self {
        let parameter = |parameter| peer.hello.parameter(parameter);
        Self {
            output: Vec::new(),
            limit: peer.agreement.max_frame,
            last: 0,
            handles: Handles::new(parameter(Parameter::Handles), parameter(Parameter::Credit)),
            open: Open::default(),
            acknowledgements: Acknowledgements::default(),
            flushes: Flushes::default(),
            joined: HashMap::new(),
            registered: None,
            room: Arc::default(),
            crowded: false,
            phase: Phase::Open,
            task: None,
            woken: false,
            wakers: Vec::new(),
        }
    }

    /// The last sequence number that was used; 0 when none was.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Sends a message that has a number of its own, made by `build`, and gives that number.
    pub(super) fn ask(
        &mut self,
        awaited: Awaited,
        build: impl FnOnce(u64) -> Result<Message<'static>, RequestError>,
    ) -> Result<u64, Blocked> {
        self.admit()?;
        let sequence = self.last + 1;
        let message = build(sequence).map_err(Blocked::For)?;
        self.fits(message.encoded_len())?;
        self.last = sequence;
        match &message {
            Message::Join { group, .. } => drop(self.joined.insert(sequence, *group)),
            Message::Leave { group, .. } => self.joined.retain(|_, joined| joined != group),
            Message::Listen { .. } => self.registered = Some(sequence),
            Message::Unlisten { .. } => self.registered = None,
            _ => {}
        }
        message.encode_frame(&mut self.output);
        self.open.insert(sequence, awaited, Watched::Alone);
        Ok(sequence)
    }

    /// Sends a body along a lane, binding a handle to it if there is none, and gives its number.
    ///
    /// `hint` is the handle that was used for the lane before, and is set to the one that is.
    pub(super) fn post(
        &mut self,
        lane: &Arc<Lane>,
        hint: &mut usize,
        body: &[u8],
    ) -> Result<u64, Blocked> {
        self.admit()?;
        if !self.handles.is_bound_to(*hint, lane) {
            *hint = self.bound(lane, body.len())?;
        }
        self.push(lane, *hint, self.last + 1, body, Watched::Alone)
    }

    /// Sends a body along a lane, under a number that it had before if there is one, greater than all
    /// that were used since. What becomes of it is given together with others.
    pub(super) fn post_together(
        &mut self,
        lane: &Arc<Lane>,
        before: Option<u64>,
        body: &[u8],
    ) -> Result<u64, Blocked> {
        self.admit()?;
        let handle = self.bound(lane, body.len())?;
        let sequence = before.unwrap_or(self.last + 1);
        if sequence <= self.last {
            return Err(Blocked::For(self.lost()));
        }
        self.push(lane, handle, sequence, body, Watched::Together)
    }

    /// Binds a handle to a lane, unless there is one.
    pub(super) fn prepare(&mut self, lane: &Arc<Lane>) -> Result<(), Blocked> {
        self.admit()?;
        self.bound(lane, 0).map(drop)
    }

    /// Lets all numbers from now on be greater than this one.
    pub(super) fn advance(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    /// Sends a body on a handle, under a number that is greater than all before.
    fn push(
        &mut self,
        lane: &Lane,
        handle: usize,
        sequence: u64,
        body: &[u8],
        watched: Watched,
    ) -> Result<u64, Blocked> {
        let Some(slot) = self.handles.slot(handle) else {
            return Err(Blocked::For(self.lost()));
        };
        if slot.sent >= slot.limit {
            return Err(Blocked::Until(slot.room.clone()));
        }
        let length = fast::length(handle as u64, sequence, body.len());
        self.fits(length)?;
        self.last = sequence;
        let parts = Parts {
            kind: Kind::Send,
            handle: handle as u64,
            sequence,
            body,
        };
        fast::write(&mut self.output, parts);
        let awaited = awaited(lane, handle);
        self.handles
            .charge(handle, length as u64, awaited.is_some());
        if let Some(awaited) = awaited {
            self.open.insert(sequence, awaited, watched);
        }
        Ok(sequence)
    }

    /// The handle that a lane is bound to, for a body of this length.
    fn bound(&mut self, lane: &Arc<Lane>, body: usize) -> Result<usize, Blocked> {
        if let Some(handle) = self.handles.find(lane) {
            return Ok(handle);
        }
        // Nothing is bound for what cannot be sent.
        self.fits(fast::length(0, self.last + 2, body))?;
        let Some(fresh) = self.handles.bind(lane) else {
            return Err(self.wait_for_room());
        };
        let handle = fresh.handle as u64;
        if fresh.unbind {
            Message::Unbind { handle }.encode_frame(&mut self.output);
        }
        self.last += 1;
        let sequence = self.last;
        let bind = Message::Bind {
            sequence,
            handle,
            binding: lane.binding.clone(),
        };
        bind.encode_frame(&mut self.output);
        if let Some(slot) = self.handles.slot(fresh.handle) {
            slot.bind = sequence;
        }
        let awaited = Awaited::Bound {
            handle: fresh.handle,
        };
        self.open.insert(sequence, awaited, Watched::No);
        Ok(fresh.handle)
    }

    /// Sends something that has no number and waits for nothing, however full the session is.
    pub(super) fn say(&mut self, message: &Message<'_>) {
        message.encode_frame(&mut self.output);
    }

    /// Sends the reply to a request.
    pub(super) fn reply(&mut self, handle: u64, sequence: u64, body: &[u8]) -> Result<(), Blocked> {
        self.admit()?;
        self.fits(fast::length(handle, sequence, body.len()))?;
        let parts = Parts {
            kind: Kind::Reply,
            handle,
            sequence,
            body,
        };
        fast::write(&mut self.output, parts);
        Ok(())
    }

    fn admit(&mut self) -> Result<(), Blocked> {
        if !matches!(self.phase, Phase::Open) {
            return Err(Blocked::For(self.lost()));
        }
        if self.output.len() >= OUTPUT_MAX || self.open.waiting() >= OPEN_MAX {
            return Err(self.wait_for_room());
        }
        Ok(())
    }

    fn wait_for_room(&mut self) -> Blocked {
        self.crowded = true;
        Blocked::Until(self.room.clone())
    }

    fn fits(&self, length: usize) -> Result<(), Blocked> {
        let limit = self.limit;
        match length as u64 <= limit {
            true => Ok(()),
            false => Err(Blocked::For(RequestError::TooLong { length, limit })),
        }
    }

    fn lost(&self) -> RequestError {
        RequestError::Lost(match &self.phase {
            Phase::Over(reason) => reason.clone(),
            _ => SessionError::new(Kinds::Closed),
        })
    }

    /// Notes what became of something that was sent.
    pub(super) fn settle(&mut self, sequence: u64, outcome: Outcome) {
        let Some((awaited, waker)) = self.open.finish(sequence, outcome) else {
            return;
        };
        self.wakers.extend(waker);
        let mut is_free = self.open.waiting() + 1 == OPEN_MAX;
        if let Some(handle) = awaited.handle() {
            is_free |= self.handles.release(handle);
        }
        if matches!(awaited, Awaited::Receipt { .. }) {
            self.flushes.settled(sequence, &mut self.wakers);
        }
        if is_free {
            self.tell_room();
        }
    }

    /// Everything in a range has come this far.
    pub(super) fn receipt(&mut self, level: Level, first: u64, last: u64) {
        for sequence in self.open.met(level, first, last) {
            if let Some(Awaited::Bound { handle }) = self.open.awaited(sequence) {
                self.handles.confirm(handle, sequence);
            }
            self.settle(sequence, Ok(Answer::Done));
        }
    }

    /// The router has come to a ping.
    pub(super) fn answered(&mut self, token: u64) {
        self.flushes.answered(token, &mut self.wakers);
    }

    /// Begins to wait until the router has taken all that was sent, and gives what to ask by.
    pub(super) fn flush(&mut self) -> Result<u64, RequestError> {
        if matches!(self.phase, Phase::Over(_)) {
            return Err(self.lost());
        }
        let token = self.flushes.begin(self.last, self.open.receipts());
        self.say(&Message::Ping { token });
        Ok(token)
    }

    /// Ready when the router has taken all that was sent before.
    pub(super) fn poll_flush(
        &mut self,
        token: u64,
        cx: &Context<'_>,
    ) -> Poll<Result<(), RequestError>> {
        let done = self.flushes.poll(token, cx);
        done.map(|done| done.map_err(|()| self.lost()))
    }

    /// Something was refused; what nobody waits for is given back as a notice.
    pub(super) fn refuse(&mut self, sequence: u64, rejection: Rejection) -> Option<Notice> {
        use tuyau_wire::RejectCode::{NoGrant, NotAllowed, Unbound};
        let is_unbound = matches!(rejection.code, Unbound | NoGrant | NotAllowed);
        let mut reason = rejection;
        match self.open.awaited(sequence) {
            Some(Awaited::Bound { handle }) => self.handles.withdraw(handle, Some(&reason)),
            Some(awaited) => {
                if let (true, Some(handle)) = (is_unbound, awaited.handle()) {
                    self.handles.withdraw(handle, None);
                    // Why it was not bound says more than that it is not.
                    let slot = self.handles.slot(handle);
                    let refused = slot.and_then(|slot| slot.refused.clone());
                    reason = refused.unwrap_or(reason);
                }
            }
            None => {
                if is_unbound {
                    self.handles.withdraw_silent();
                }
                return Some(self.notice(sequence, reason));
            }
        }
        self.joined.remove(&sequence);
        self.settle(sequence, Err(RequestError::Rejected(reason)));
        None
    }

    /// What a refusal means for which nobody waits.
    fn notice(&mut self, sequence: u64, rejection: Rejection) -> Notice {
        if let Some(group) = self.joined.remove(&sequence) {
            return Notice::Removed { group, rejection };
        }
        if self.registered.take_if(|it| *it == sequence).is_some() {
            return Notice::Unregistered { rejection };
        }
        Notice::Refused {
            sequence,
            rejection,
        }
    }

    /// Whether the session still takes something to send.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Takes nothing more to send; what was taken goes out.
    pub(super) fn close(&mut self) {
        if self.is_open() {
            self.phase = Phase::Closing;
            self.crowded = true;
            self.tell_room();
            self.handles.end();
            self.wakers.extend(self.task.clone());
        }
    }

    /// The session is over: everyone who waits is told.
    pub(super) fn end(&mut self, reason: SessionError) {
        self.phase = Phase::Over(reason);
        self.crowded = true;
        self.tell_room();
        self.handles.end();
        self.output = Vec::new();
        let wakers = self.open.end();
        self.wakers.extend(wakers);
        self.flushes.end(&mut self.wakers);
    }

    /// Ready with what became of what is taken together; `None` when the session is over.
    pub(super) fn poll_together(&mut self, cx: &Context<'_>) -> Poll<Option<Vec<(u64, Outcome)>>> {
        match self.open.poll_together(cx) {
            Poll::Pending if matches!(self.phase, Phase::Over(_)) => Poll::Ready(None),
            outcomes => outcomes.map(Some),
        }
    }

    /// Ready with what became of something that was sent.
    pub(super) fn poll_outcome(&mut self, sequence: u64, cx: &Context<'_>) -> Poll<Outcome> {
        self.open
            .poll(sequence, cx)
            .map(|outcome| outcome.unwrap_or_else(|| Err(self.lost())))
    }

    fn tell_room(&mut self) {
        if mem::take(&mut self.crowded) {
            self.room.notify_waiters();
        }
    }

    /// Gives the task what is to be written: `out` is empty, and its memory is used for what comes.
    pub(super) fn take(&mut self, out: &mut Vec<u8>, cx: &Context<'_>) {
        self.woken = false;
        match &mut self.task {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        self.acknowledgements.encode(&mut self.output);
        if out.is_empty() && !self.output.is_empty() {
            mem::swap(out, &mut self.output);
            self.tell_room();
        }
    }

    /// Whether the task has something to write.
    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty() || !self.acknowledgements.is_empty()
    }

    /// Who is to be woken now that the lock is given back.
    pub(super) fn take_wakers(&mut self) -> (Option<Waker>, Vec<Waker>) {
        let wake = self.has_output() && !self.woken;
        self.woken |= wake;
        let task = wake.then(|| self.task.clone()).flatten();
        (task, mem::take(&mut self.wakers))
    }
}

/// What is waited for when a message goes along a lane.
fn awaited(lane: &Lane, handle: usize) -> Option<Awaited> {
    match (lane.binding.class, lane.binding.level) {
        (Class::Request, _) => Some(Awaited::Reply { handle }),
        (_, Level::None) => None,
        (_, level) => Some(Awaited::Receipt { handle, level }),
    }
}
