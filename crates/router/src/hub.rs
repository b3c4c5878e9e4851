//! The task that owns the engine and performs what it decides.

mod keeping;
mod traffic;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};
use tuyau_wire::{Identity, RejectCode, frame};

use crate::{
    Drain, StateDir, Timestamp,
    connections::Connections,
    dialler::Dialler,
    engine::{Action, DialId, Engine, Link, SessionId},
    journal::Event,
    mail::{Asker, Member},
    outbox::Outbox,
    plane::Plane,
    store::{StoreError, StoreHandle},
};
use keeping::Keeping;
use traffic::Traffic;

/// How often time-outs are looked at, and how many messages were processed is kept.
const TICK: Duration = Duration::from_secs(1);

/// How many inputs are taken at a time.
const BATCH: usize = 64;

/// What the hub is told.
pub(crate) enum Input {
    /// A session begins.
    Opened {
        session: SessionId,
        peer: Identity,
        link: Link,
        outbox: Outbox,
    },
    /// Whole frames came in.
    Frames { session: SessionId, frames: Vec<u8> },
    /// What came in, or did not, ends the session.
    Refused {
        session: SessionId,
        code: RejectCode,
        text: String,
    },
    /// A session is over, or its peer sends no more.
    Closed { session: SessionId, reason: String },
    /// No route could be reached.
    DialFailed { id: DialId, reason: String },
    /// Something to tell.
    Tell(Event),
    /// Something to do with the engine.
    Ask(Box<dyn FnOnce(&mut Hub) + Send>),
    /// Every session is to be closed, what changed kept, and the hub ended. Tells whether it is.
    Stop(oneshot::Sender<bool>),
}

/// What peers are told when the router stops.
const STOPPING: &str = "the router is shutting down; connect again later";

/// How long sessions have to end when the router stops.
const STOP: Duration = Duration::from_secs(5);

pub(crate) struct Hub {
    pub(crate) engine: Engine,
    sessions: BTreeMap<SessionId, Outbox>,
    traffic: Traffic,
    inputs: mpsc::Receiver<Input>,
    plane: Plane,
    dialler: Dialler,
    connections: Connections,
    keeping: Keeping,
    drain: Drain,
    stopping: bool,
    /// The simulated session whose message is being taken, and the last answer to it.
    pub(crate) simulated: Option<(SessionId, Vec<u8>)>,
}

impl Hub {
    pub(crate) fn new(
        mut engine: Engine,
        inputs: mpsc::Receiver<Input>,
        dialler: Dialler,
        state_dir: Option<Arc<StateDir>>,
        (store, members): (Option<StoreHandle>, Vec<Member>),
        drain: Drain,
    ) -> Self {
        let (plane, connections) = (dialler.plane.clone(), dialler.connections.clone());
        let place = store.clone().map(|store| (store, state_dir));
        let keeping = Keeping::new(place, engine.state().processed);
        let mut traffic = Traffic::new(engine.identity(), plane.clone(), &dialler.limits, store);
        for member in &members {
            traffic.remember(member.group, member.identity);
        }
        engine.remember(members, plane.now());
        if let Some(mail) = traffic.mail() {
            mail.recall_all();
        }
        Self {
            engine,
            sessions: BTreeMap::new(),
            traffic,
            inputs,
            plane,
            dialler,
            connections,
            keeping,
            drain,
            stopping: false,
            simulated: None,
        }
    }

    /// Runs until told to stop, or nobody is left who could tell anything.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            // Of two that are ready the rarer one goes first, always: what happens follows from what
            // came and when.
            tokio::select! {
                biased;
                _ = ticks.tick() => self.tick(),
                done = self.keeping.done() => self.kept(done),
                wanted = self.traffic.wanted() => self.want(wanted),
                count = self.inputs.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return self.keep_at_end().await;
                    }
                    let mut stop = None;
                    for input in batch.drain(..) {
                        match input {
                            Input::Stop(done) => stop = Some(done),
                            input => self.take(input),
                        }
                    }
                    if let Some(done) = stop {
                        self.stop().await;
                        let _ = done.send(self.keeping.is_saved());
                        return;
                    }
                    self.keeping.begin(self.engine.state(), false);
                    // The tasks that were woken may wait on this very thread.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn take(&mut self, input: Input) {
        let now = self.plane.now();
        let heard = match &input {
            Input::Frames { session, .. } => Some(*session),
            _ => None,
        };
        match input {
            Input::Opened {
                session,
                peer,
                link,
                outbox,
            } => {
                self.sessions.insert(session, outbox);
                self.engine.opened(session, peer, link, now);
                if self.stopping {
                    self.engine.end(session, RejectCode::ShuttingDown, STOPPING);
                }
            }
            Input::Frames { session, frames } => {
                let outbox = self.sessions.get(&session);
                let before = outbox.and_then(Outbox::sequence);
                self.engine.set_sequence(session, before);
                self.receive(session, &frames, now);
            }
            Input::Refused {
                session,
                code,
                text,
            } => self.engine.refuse_session(session, code, &text, now),
            Input::Closed { session, reason } => {
                let outbox = self.sessions.remove(&session);
                self.engine.closed(session, reason.clone(), now);
                self.traffic.forget(session);
                // What is queued still reaches a peer that only sends no more.
                if let Some(outbox) = outbox {
                    self.keeping.close(&outbox, &reason);
                    outbox.end_answers();
                }
            }
            Input::DialFailed { id, reason } => self.engine.dial_failed(id, &reason, now),
            Input::Tell(event) => self.tell(event),
            Input::Ask(ask) => ask(self),
            Input::Stop(_) => {}
        }
        self.perform();
        // A session that is to be closed has no further turn: what its handles lead to may not be what
        // its peer said last.
        if let Some(session) = heard
            && self.engine.hears(session)
            && let Some(outbox) = self.sessions.get(&session)
        {
            outbox.end_turn(self.engine.sequence(session));
        }
    }

    /// These have messages that are kept, and no session as far as is known.
    fn want(&mut self, identities: BTreeSet<Identity>) {
        let now = self.plane.now();
        for identity in identities {
            self.engine.want(identity, now);
        }
        self.perform();
    }

    fn receive(&mut self, session: SessionId, mut frames: &[u8], now: Timestamp) {
        while let Ok(Some(frame)) = frame::split(frames, usize::MAX) {
            self.engine.received(session, frame.message, now);
            frames = &frames[frame.length..];
        }
    }

    /// Performs what the engine decided, and what it decides in return.
    pub(crate) fn perform(&mut self) {
        loop {
            let actions = self.engine.take_actions();
            if actions.is_empty() {
                break;
            }
            for action in actions {
                self.perform_one(action);
            }
        }
    }

    fn perform_one(&mut self, action: Action) {
        match action {
            Action::Send { session, frame } => self.answer(session, frame),
            Action::Keep { kept, answer } => {
                let outbox = answer.and_then(|(session, _)| self.sessions.get(&session));
                let outbox = outbox.filter(|_| self.keeping.keeps());
                let waits = outbox.cloned().zip(answer.map(|(_, sequence)| sequence));
                // A session that is simulated is over at once, so it does not wait.
                if let (None, Some((session, sequence))) = (&waits, answer) {
                    let mut frame = Vec::new();
                    keeping::accepted(sequence).encode_frame(&mut frame);
                    self.answer(session, frame);
                    self.engine.kept(session, self.plane.now());
                }
                self.keeping.keep(kept, waits);
            }
            Action::KeepAll => self.keeping.keep_all(),
            Action::Greet {
                session,
                max_frame,
                unacknowledged,
            } => {
                if let Some(outbox) = self.sessions.get(&session) {
                    outbox.greet(max_frame, unacknowledged);
                }
            }
            Action::Reach { identity, session } => {
                let outbox = session.and_then(|session| self.sessions.get(&session));
                self.traffic.reach(identity, outbox.cloned());
            }
            Action::Bind {
                session,
                handle,
                bound,
                announcement,
            } => {
                if let Some(outbox) = self.sessions.get(&session) {
                    self.traffic.bind(outbox, handle, &bound, announcement);
                }
            }
            Action::Unbind {
                session,
                handle,
                binding,
            } => {
                let outbox = self.sessions.get(&session);
                self.traffic.unbind((session, binding), outbox, handle);
            }
            Action::Wait { ticket } => self.traffic.wait(ticket),
            Action::Join {
                session,
                identity,
                group,
            } => {
                if let Some(outbox) = self.sessions.get(&session) {
                    self.traffic.join(group, identity, outbox);
                }
            }
            Action::Enlist { member, asker } => {
                let asker = self.asker(asker);
                self.traffic.enlist(&member, asker);
            }
            Action::Dismiss {
                identity,
                group,
                asker,
            } => {
                let asker = self.asker(asker);
                self.traffic.dismiss(group, identity, asker);
            }
            Action::Recall { identity } => {
                if let Some(mail) = self.traffic.mail() {
                    mail.recall(identity);
                }
            }
            Action::Leave { session, group } => self.traffic.leave(group, session),
            Action::Deliver {
                session,
                ticket,
                body,
            } => {
                let outbox = self.sessions.get(&session);
                self.traffic.deliver(outbox, ticket, &body);
            }
            Action::Take { ticket } => self.traffic.take(ticket),
            Action::Refuse { ticket, code, text } => self.traffic.refuse(ticket, code, &text),
            Action::Say { session, body } => {
                if let Some(outbox) = self.sessions.get(&session) {
                    self.traffic.say(outbox, &body);
                }
            }
            Action::Close { session, reason } => {
                if let Some(outbox) = self.sessions.get(&session) {
                    self.keeping.close(outbox, &reason);
                }
            }
            Action::Dial {
                id,
                identity,
                routes,
            } => self.dialler.dial(id, identity, routes),
            Action::Tell(event) => self.tell(event),
        }
    }

    fn answer(&mut self, session: SessionId, frame: Vec<u8>) {
        match (self.sessions.get(&session), &mut self.simulated) {
            (Some(outbox), _) => outbox.tell_frames(&frame),
            (None, Some((simulated, answer))) if *simulated == session => *answer = frame,
            _ => {}
        }
    }

    /// Tells when everything that changed so far is kept, or could not be.
    pub(crate) fn until_kept(&mut self) -> oneshot::Receiver<()> {
        self.perform();
        self.keeping.kept()
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.plane.now()
    }

    /// Where an answer goes.
    fn asker(&self, asker: Option<(SessionId, u64)>) -> Asker {
        let (session, sequence) = asker?;
        Some((self.sessions.get(&session)?.clone(), sequence))
    }

    fn tell(&self, event: Event) {
        self.plane.tell(event);
    }

    /// Counts what the sessions' tasks delivered by themselves.
    pub(crate) fn count(&mut self) {
        self.engine.count(self.plane.take_processed());
    }

    fn tick(&mut self) {
        let now = self.plane.now();
        let dialled: Vec<_> = self.engine.dialled_sessions().collect();
        for session in dialled {
            if self.sessions.get(&session).is_some_and(Outbox::take_active) {
                self.engine.heard(session, now);
            }
        }
        self.engine.tick(now);
        self.perform();
        self.count();
        self.traffic.tick();
        for event in self.connections.untold() {
            self.tell(event);
        }
        self.keeping.begin(self.engine.state(), true);
    }

    /// What was under way is kept for these sessions, or could not be for this reason.
    fn kept(&mut self, done: Result<Vec<SessionId>, Option<StoreError>>) {
        let failed = done.as_ref().err().cloned().flatten();
        for session in done.into_iter().flatten() {
            self.engine.kept(session, self.plane.now());
        }
        self.perform();
        if let (Some(error), Some(mail)) = (failed, self.traffic.mail()) {
            mail.failed(&error);
        }
        self.keeping.begin(self.engine.state(), false);
    }

    async fn stop(&mut self) {
        self.tell(Event::Stopping);
        let drain = self.drain.clone();
        let milliseconds = u64::try_from(drain.time.as_millis()).unwrap_or(u64::MAX);
        self.engine.drain(milliseconds, &drain.routes);
        self.perform();
        if !drain.time.is_zero() {
            self.go_on(drain.time).await;
        }
        self.stopping = true;
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.engine.end(session, RejectCode::ShuttingDown, STOPPING);
        }
        self.perform();
        self.go_on(STOP).await;
        self.keep_at_end().await;
    }

    /// Serves until there are no sessions, for so long at most.
    async fn go_on(&mut self, time: Duration) {
        let over = tokio::time::sleep(time);
        tokio::pin!(over);
        let mut ticks = interval(TICK);
        while !self.sessions.is_empty() {
            tokio::select! {
                biased;
                () = &mut over => break,
                _ = ticks.tick() => self.tick(),
                done = self.keeping.done() => self.kept(done),
                input = self.inputs.recv() => match input {
                    Some(input) => {
                        self.take(input);
                        self.keeping.begin(self.engine.state(), false);
                    }
                    None => break,
                },
            }
        }
    }

    async fn keep_at_end(&mut self) {
        self.count();
        loop {
            self.keeping.begin(self.engine.state(), true);
            if !self.keeping.is_under_way() {
                break;
            }
            let done = self.keeping.done().await;
            self.kept(done);
            if self.keeping.has_failed() {
                break;
            }
        }
        if let Some(mail) = self.traffic.mail() {
            let (done, closed) = oneshot::channel();
            let close = mail.store().stop(move || {
                let _ = done.send(());
            });
            // It may have ended already.
            if close.is_ok() {
                let _ = closed.await;
            }
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let ended = "the router has ended";
        self.keeping.close_all();
        for outbox in self.sessions.values() {
            outbox.close(ended);
            outbox.end_turn(None);
        }
        // What nobody will take any more: without this, a session that was about to begin would
        // wait for ever.
        self.inputs.close();
        while let Ok(input) = self.inputs.try_recv() {
            if let Input::Opened { outbox, .. } = input {
                outbox.close(ended);
            }
        }
    }
}
