//! One session of a service.

use std::{
    collections::BTreeMap, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration,
};

use tokio::time::{Instant, sleep_until};
use tuyau_core::Flow;
use tuyau_wire::{Announcement, Hello, MAX_FRAME, Message, Parameter, Role, capability, frame};

use super::{Me, act::Handle};
use crate::{
    dice::Dice,
    link::End,
    oracle::{Id, Name},
    trace::lock,
    world::World,
};

/// How long nothing may come before the router is asked whether it is there, and then before the
/// session is given up.
const SILENCE: Duration = Duration::from_secs(6);

/// Why a session is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is over.
    Over,
    /// Another one is to be opened, and this one goes on.
    Replaced,
}

pub(crate) struct Session {
    pub(super) world: Arc<World>,
    pub(super) me: Me,
    end: End,
    /// The numbers of the service and of the session.
    pub(super) service: usize,
    pub(super) number: usize,
    pub(super) epoch: u64,
    /// Whether the service sends over this one.
    pub(super) sends: bool,
    pub(super) greeted: bool,
    pub(super) out: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    pub(super) handles: BTreeMap<u64, Handle>,
    pub(super) announced: BTreeMap<u64, Announcement>,
    /// What is to be said to the router later, and when.
    pub(super) owed: Vec<(Instant, Debt)>,
    /// What may be sent on a fresh handle.
    pub(super) credit: u64,
    pub(super) joined: Vec<usize>,
    next_deed: Instant,
    heard: Instant,
    asked: Option<Instant>,
    /// Until when nothing is read.
    pub(super) deaf: Option<Instant>,
    pub(super) closing: bool,
    pub(super) replaced: bool,
    pub(super) dice: Dice,
    /// A delivery that is held back by sabotage.
    pub(super) held_back: Option<(u64, u64, Vec<u8>, bool)>,
}

/// What a service owes the router.
#[derive(Clone, Debug)]
pub(crate) enum Debt {
    Acknowledge { handle: u64, id: Id },
    Reply { handle: u64, id: Id, body: Vec<u8> },
}

enum Next {
    Bytes,
    Time,
    Lost,
}

impl Session {
    pub(crate) fn new(world: &Arc<World>, me: &Me, end: End, opened: bool) -> Self {
        let (service, epoch, mut dice) = {
            let mut me = lock(me);
            (me.number, me.epoch, me.dice.split())
        };
        let number = world.oracle.opened(service, epoch, end.link(), !opened);
        let now = Instant::now();
        let mut session = Self {
            world: world.clone(),
            me: me.clone(),
            end,
            service,
            number,
            epoch,
            sends: opened,
            greeted: false,
            out: Vec::new(),
            written: 0,
            input: Vec::new(),
            handles: BTreeMap::new(),
            announced: BTreeMap::new(),
            owed: Vec::new(),
            credit: 0,
            joined: Vec::new(),
            next_deed: now,
            heard: now,
            asked: None,
            deaf: None,
            closing: false,
            replaced: false,
            dice: dice.split(),
            held_back: None,
        };
        let way = if opened { "opens" } else { "is dialled" };
        session.note(|| format!("{way}, epoch {epoch}"));
        session.greet(epoch, &mut dice);
        session
    }

    fn greet(&mut self, epoch: u64, dice: &mut Dice) {
        let unacknowledged = [1, 4, 1024][dice.index(3)];
        let hello = Hello::new(Role::Service, "simulated")
            .and_then(|hello| hello.with_capability(capability::DURABLE))
            .and_then(|hello| hello.with_capability(capability::LOOKUP))
            .and_then(|hello| hello.with_parameter(Parameter::Epoch, epoch))
            .and_then(|hello| hello.with_parameter(Parameter::Unacknowledged, unacknowledged));
        self.say(&Message::Hello(hello.expect("a hello")));
    }

    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        let name = Name(self.service, self.number);
        self.world.trace.note(name, what);
    }

    /// Nothing new is sent over it any more.
    pub(crate) fn retire(&mut self) {
        self.sends = false;
        self.replaced = false;
    }

    pub(super) fn say(&mut self, message: &Message<'_>) {
        message.encode_frame(&mut self.out);
    }

    /// Goes on until it is over, or another one is to be opened.
    pub(crate) async fn run(&mut self) -> Ended {
        let ended = loop {
            let until = self.until();
            match self.next(until).await {
                Next::Bytes => {
                    self.heard = Instant::now();
                    self.asked = None;
                    if let Err(why) = self.take() {
                        self.note(|| format!("ends: {why}"));
                        break Ended::Over;
                    }
                }
                Next::Time => {
                    if self.is_silent() {
                        self.note(|| "gives up: the router says nothing".into());
                        self.end.abort();
                        break Ended::Over;
                    }
                    self.pay();
                    if self.may_act() {
                        let pause = self.world.plan.pause;
                        self.next_deed = Instant::now() + self.dice.skewed(1, pause);
                        self.act();
                    }
                }
                Next::Lost => {
                    self.note(|| "is lost".into());
                    break Ended::Over;
                }
            }
            if self.replaced {
                return Ended::Replaced;
            }
        };
        self.world.oracle.ended(self.number);
        ended
    }

    fn may_act(&self) -> bool {
        let due = self.next_deed <= Instant::now();
        due && self.greeted && self.sends && !self.closing && !self.world.is_calm()
    }

    /// When something is to be done next.
    fn until(&self) -> Instant {
        let owed = self.owed.iter().map(|(at, _)| *at).min();
        let deed = self.next_deed;
        let acts = self.greeted && self.sends && !self.closing && !self.world.is_calm();
        let silence = self.asked.unwrap_or(self.heard) + SILENCE;
        let silence = self.deaf.is_none().then_some(silence);
        // When it is calm, things are looked at now and then all the same.
        let look = Instant::now() + Duration::from_secs(1);
        let times = [owed, self.deaf, acts.then_some(deed), silence, Some(look)];
        times.into_iter().flatten().min().unwrap_or(look)
    }

    /// Writes, reads, and waits.
    async fn next(&mut self, until: Instant) -> Next {
        let mut timer = pin!(sleep_until(until));
        poll_fn(|cx| {
            while self.written < self.out.len() {
                match self.end.poll_write(cx, &self.out[self.written..]) {
                    Poll::Ready(Ok(count)) => self.written += count,
                    Poll::Ready(Err(_)) => return Poll::Ready(Next::Lost),
                    Poll::Pending => break,
                }
            }
            if self.written == self.out.len() {
                self.out.clear();
                self.written = 0;
                if self.closing && self.end.poll_close_write(cx).is_pending() {
                    return Poll::Pending;
                }
            }
            if self.deaf.is_none() {
                let mut buffer = [0; 4096];
                match self.end.poll_read(cx, &mut buffer) {
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Next::Lost),
                    Poll::Ready(Ok(count)) => {
                        self.input.extend_from_slice(&buffer[..count]);
                        return Poll::Ready(Next::Bytes);
                    }
                    Poll::Pending => {}
                }
            }
            timer.as_mut().poll(cx).map(|()| Next::Time)
        })
        .await
    }

    /// Whether nothing has come for so long that nothing will.
    fn is_silent(&mut self) -> bool {
        let now = Instant::now();
        if self
            .deaf
            .is_some_and(|until| until <= now || self.world.is_calm())
        {
            self.deaf = None;
            self.heard = now;
        }
        if self.deaf.is_some() {
            return false;
        }
        match self.asked {
            Some(asked) => now >= asked + SILENCE,
            None => {
                if self.greeted && now >= self.heard + SILENCE {
                    self.asked = Some(now);
                    self.say(&Message::Ping { token: 7 });
                }
                !self.greeted && now >= self.heard + SILENCE
            }
        }
    }

    /// Takes all whole frames that are there.
    fn take(&mut self) -> Result<(), String> {
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while let Some(frame) = frame::split(rest, MAX_FRAME).map_err(|it| it.to_string())? {
            let message = Message::decode(frame.message);
            self.hear(message.map_err(|it| it.to_string())?)?;
            rest = &rest[frame.length..];
        }
        self.input = rest.to_vec();
        Ok(())
    }

    /// Says what is due.
    fn pay(&mut self) {
        let (now, calm) = (Instant::now(), self.world.is_calm());
        let due = |(at, _): &mut (Instant, Debt)| *at <= now || calm;
        let due: Vec<_> = self.owed.extract_if(.., due).collect();
        for (_, debt) in due {
            match debt {
                Debt::Acknowledge { handle, id } => {
                    self.note(|| format!("acknowledges {id}"));
                    self.world.oracle.acknowledges(self.number, id);
                    let (first, last) = (id.sequence, id.sequence);
                    self.say(&Message::Acknowledge {
                        handle,
                        first,
                        last,
                    });
                }
                Debt::Reply { handle, id, body } => {
                    self.note(|| format!("replies to {id}"));
                    self.world.oracle.replies(self.number, id, &body);
                    let (sequence, body) = (id.sequence, &body[..]);
                    self.say(&Message::Reply {
                        handle,
                        sequence,
                        body,
                    });
                }
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.world.oracle.ended(self.number);
    }
}
