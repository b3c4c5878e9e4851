//! The task that owns the engine and performs what it decides.

mod saving;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};
use tuyau_wire::{Identity, RejectCode, frame};

use crate::{
    StateDir, Timestamp,
    connections::Connections,
    dialler::Dialler,
    engine::{Action, DialId, Engine, Link, SessionId},
    journal::{Entry, Event},
    outbox::Outbox,
};
use saving::{Outcome, Saving};

/// How often time-outs are looked at and, at most, a changed state is saved.
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
    /// Every session is to be closed, the state saved, and the hub ended.
    Stop(oneshot::Sender<bool>),
}

/// What peers are told when the router stops.
const STOPPING: &str = "the router is shutting down; connect again later";

/// How long sessions have to end when the router stops.
const STOP: Duration = Duration::from_secs(5);

pub(crate) struct Hub {
    pub(crate) engine: Engine,
    sessions: HashMap<SessionId, Outbox>,
    inputs: mpsc::Receiver<Input>,
    journal: broadcast::Sender<Arc<Entry>>,
    dialler: Dialler,
    connections: Connections,
    saving: Saving,
    stopping: bool,
    /// The simulated session whose message is being taken, and the last answer to it.
    pub(crate) simulated: Option<(SessionId, Vec<u8>)>,
}

impl Hub {
    pub(crate) fn new(
        engine: Engine,
        inputs: mpsc::Receiver<Input>,
        journal: broadcast::Sender<Arc<Entry>>,
        dialler: Dialler,
        connections: Connections,
        state_dir: Option<Arc<StateDir>>,
    ) -> Self {
        Self {
            engine,
            sessions: HashMap::new(),
            inputs,
            journal,
            dialler,
            connections,
            saving: Saving::new(state_dir),
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
            tokio::select! {
                count = self.inputs.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return self.save_at_end().await;
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
                        let _ = done.send(self.saving.is_saved());
                        return;
                    }
                    // The tasks that were woken may wait on this very thread.
                    tokio::task::yield_now().await;
                }
                _ = ticks.tick() => self.tick().await,
            }
        }
    }

    fn take(&mut self, input: Input) {
        let now = Timestamp::now();
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
            Input::Frames { session, frames } => self.receive(session, &frames, now),
            Input::Refused {
                session,
                code,
                text,
            } => self.engine.refuse_session(session, code, &text, now),
            Input::Closed { session, reason } => {
                let outbox = self.sessions.remove(&session);
                self.engine.closed(session, reason.clone(), now);
                if let Some(outbox) = outbox {
                    outbox.close(&reason);
                }
            }
            Input::DialFailed { id, reason } => self.engine.dial_failed(id, &reason, now),
            Input::Tell(event) => self.tell(event),
            Input::Ask(ask) => ask(self),
            Input::Stop(_) => {}
        }
        self.perform();
        if let Some(outbox) = heard.and_then(|session| self.sessions.get(&session)) {
            outbox.end_turn();
        }
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
        self.saving.unsaved |= self.engine.take_changed();
    }

    fn perform_one(&mut self, action: Action) {
        match action {
            Action::Send { session, frame } => match self.sessions.get(&session) {
                Some(outbox) => {
                    if !outbox.reply(frame) {
                        outbox.close("it does not read the answers to its requests");
                    }
                }
                None => {
                    if let Some((simulated, answer)) = &mut self.simulated
                        && *simulated == session
                    {
                        *answer = frame;
                    }
                }
            },
            Action::Deliver {
                session,
                frame,
                receipt,
            } => {
                let outbox = self.sessions.get(&session);
                let delivered = outbox.is_some_and(|outbox| outbox.deliver(frame));
                match receipt {
                    Some(receipt) if delivered => self.engine.delivered(receipt),
                    Some(receipt) => self.engine.congested(receipt),
                    None => {}
                }
            }
            Action::Close { session, reason } => {
                if let Some(outbox) = self.sessions.get(&session) {
                    outbox.close(&reason);
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

    fn tell(&self, event: Event) {
        // Nobody may be watching.
        let _ = self.journal.send(Arc::new(Entry {
            time: Timestamp::now(),
            event,
        }));
    }

    async fn tick(&mut self) {
        self.engine.tick(Timestamp::now());
        self.perform();
        for event in self.connections.untold() {
            self.tell(event);
        }
        self.finish_saving(false).await;
        self.saving.start(self.engine.state());
    }

    /// Takes the result of a save that is under way, waiting for it only when told to.
    async fn finish_saving(&mut self, wait: bool) {
        match self.saving.finish(wait).await {
            Some(Outcome::Failed(reason)) => self.tell(Event::PersistFailed { reason }),
            Some(Outcome::Recovered) => self.tell(Event::Persisted),
            None => {}
        }
    }

    async fn stop(&mut self) {
        self.tell(Event::Stopping);
        self.stopping = true;
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.engine.end(session, RejectCode::ShuttingDown, STOPPING);
        }
        self.perform();
        let ended = async {
            while !self.sessions.is_empty() {
                match self.inputs.recv().await {
                    Some(input) => self.take(input),
                    None => break,
                }
            }
        };
        let _ = tokio::time::timeout(STOP, ended).await;
        self.save_at_end().await;
    }

    async fn save_at_end(&mut self) {
        self.finish_saving(true).await;
        self.saving.start_now(self.engine.state());
        self.finish_saving(true).await;
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let ended = "the router has ended";
        for outbox in self.sessions.values() {
            outbox.close(ended);
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
