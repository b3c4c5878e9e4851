//! One connection of the simulated network: two directions in which bytes take their time, are lost
//! with all that follows, or vanish without anybody being told.

use std::{
    any::{Any, TypeId},
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};
use tuyau::tls;
use tuyau_core::{ErrorKind, FlowError};

use crate::{dice::Dice, trace::lock};

/// How a network treats what goes over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// How long bytes are on their way, in milliseconds, at least and at most.
    pub(crate) latency: (u64, u64),
    /// How often in a hundred a task that could go on has to wait for all others to have a turn.
    pub(crate) yields: u64,
    /// How often in a hundred a read or a write is one of a few bytes.
    pub(crate) crumbs: u64,
    /// How many bytes one direction holds.
    pub(crate) capacity: usize,
}

/// A connection, as both ends and the world see it.
pub(crate) type Link = Arc<Mutex<State>>;

pub(crate) struct State {
    weather: Weather,
    dice: Dice,
    /// What the first side writes, and what the second one writes.
    ways: [Way; 2],
    /// When a side learns that the connection is lost.
    lost: [Option<Instant>; 2],
    /// When a side learns that the other has left.
    left: [Option<Instant>; 2],
    gone: [bool; 2],
    /// Whether something happened to it that a network should not do.
    pub(crate) faulty: bool,
}

#[derive(Default)]
struct Way {
    pieces: VecDeque<Piece>,
    /// Bytes that are on their way or wait to be read.
    held: usize,
    /// When the last piece arrives.
    last: Option<Instant>,
    end: Option<Instant>,
    /// Whether what is written goes nowhere.
    hole: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Piece {
    at: Instant,
    bytes: Vec<u8>,
    read: usize,
}

/// Both ends of a new connection; each proves its key to the other.
pub(crate) fn connect(
    weather: Weather,
    mut dice: Dice,
    keys: [tls::PublicKey; 2],
) -> (Link, End, End) {
    let dice_of_ends = [dice.split(), dice.split()];
    let state = State {
        weather,
        dice,
        ways: Default::default(),
        lost: [None; 2],
        left: [None; 2],
        gone: [false; 2],
        faulty: false,
    };
    let link = Arc::new(Mutex::new(state));
    let [first, second] = dice_of_ends;
    let end = |side: usize, dice| End {
        link: link.clone(),
        side,
        dice,
        peer: tls::PeerKey(keys[1 - side]),
        reading: None,
        writing: None,
        aborted: false,
        ended: false,
    };
    (link.clone(), end(0, first), end(1, second))
}

impl State {
    fn delay(&mut self) -> Duration {
        let (least, most) = self.weather.latency;
        self.dice.skewed(least, most)
    }

    /// Both sides learn in a moment that the connection is lost; what was on its way is.
    pub(crate) fn cut(&mut self) {
        self.faulty = true;
        let now = Instant::now();
        for side in 0..2 {
            let at = now + self.dice.skewed(0, 500);
            self.lose(side, at);
            self.ways[1 - side].pieces.retain(|piece| piece.at < at);
        }
    }

    /// One side has died: it learns so at once, and the other in a moment or never.
    pub(crate) fn kill(&mut self, side: usize, told: bool) {
        self.faulty = true;
        let now = Instant::now();
        self.lose(side, now);
        if told {
            let at = now + self.delay();
            self.lose(1 - side, at);
        } else {
            self.vanish([true; 2]);
        }
    }

    fn lose(&mut self, side: usize, at: Instant) {
        let lost = &mut self.lost[side];
        *lost = Some(lost.map_or(at, |before| before.min(at)));
        self.wake();
    }

    /// What is written from now on goes nowhere, and nobody is told.
    pub(crate) fn vanish(&mut self, ways: [bool; 2]) {
        self.faulty = true;
        let now = Instant::now();
        for (way, vanishes) in self.ways.iter_mut().zip(ways) {
            if vanishes {
                way.hole = true;
                way.pieces.retain(|piece| piece.at <= now);
            }
        }
    }

    pub(crate) fn is_half_open(&self) -> bool {
        self.ways.iter().any(|way| way.hole)
    }

    /// Nothing arrives for a while.
    pub(crate) fn stall(&mut self, time: Duration) {
        let until = Instant::now() + time;
        for way in &mut self.ways {
            for piece in &mut way.pieces {
                piece.at = piece.at.max(until);
            }
            way.last = Some(way.last.map_or(until, |last| last.max(until)));
            way.end = way.end.map(|end| end.max(until));
        }
        self.wake();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.gone == [true; 2]
    }

    /// When what a side does now reaches the other.
    fn arrival(&mut self, side: usize) -> Instant {
        let at = Instant::now() + self.delay();
        let way = &mut self.ways[side];
        let at = way.last.map_or(at, |last| last.max(at));
        way.last = Some(at);
        at
    }

    fn wake(&mut self) {
        for way in &mut self.ways {
            let wakers = [way.reader.take(), way.writer.take()];
            wakers.into_iter().flatten().for_each(Waker::wake);
        }
    }

    /// A side goes, without a word or with the end of its stream.
    fn leave(&mut self, side: usize, aborts: bool) {
        if std::mem::replace(&mut self.gone[side], true) {
            return;
        }
        let unread = self.ways[1 - side].held > 0;
        let at = self.arrival(side);
        if self.ways[side].hole {
            return;
        }
        if aborts || unread {
            self.ways[side].pieces.clear();
            self.lose(1 - side, at);
        } else {
            self.ways[side].end.get_or_insert(at);
            self.left[1 - side] = Some(at);
        }
        self.wake();
    }
}

/// One end of a connection.
pub(crate) struct End {
    link: Link,
    side: usize,
    dice: Dice,
    peer: tls::PeerKey,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
    aborted: bool,
    ended: bool,
}

impl End {
    /// Whether the task has to let all others have a turn first.
    fn must_yield(&mut self, cx: &Context<'_>, yields: u64) -> bool {
        let must = self.dice.percent(yields);
        if must {
            cx.waker().wake_by_ref();
        }
        must
    }

    /// The connection that it is one end of.
    pub(crate) fn link(&self) -> Link {
        self.link.clone()
    }

    fn portion(&mut self, most: usize, crumbs: u64) -> usize {
        match self.dice.percent(crumbs) {
            true => most.min(1 + self.dice.index(20)),
            false => most,
        }
    }
}

/// Comes back at a time, if there is one.
fn wait(timer: &mut Option<Pin<Box<Sleep>>>, until: Option<Instant>, cx: &mut Context<'_>) {
    let Some(until) = until else {
        return;
    };
    let sleep = timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
    if sleep.deadline() != until {
        sleep.as_mut().reset(until);
    }
    if sleep.as_mut().poll(cx).is_ready() {
        cx.waker().wake_by_ref();
    }
}

fn is_past(time: Option<Instant>) -> bool {
    time.is_some_and(|time| time <= Instant::now())
}

impl tuyau_core::Flow for End {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        if self.aborted {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let link = self.link.clone();
        let mut state = lock(&link);
        if self.must_yield(cx, state.weather.yields) {
            return Poll::Pending;
        }
        let (now, side) = (Instant::now(), self.side);
        if is_past(state.lost[side]) {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        let most = self.portion(buffer.len(), state.weather.crumbs);
        let lost = state.lost[side];
        let way = &mut state.ways[1 - side];
        let mut count = 0;
        while count < most
            && let Some(piece) = way.pieces.front_mut().filter(|piece| piece.at <= now)
        {
            let rest = &piece.bytes[piece.read..];
            let length = rest.len().min(most - count);
            buffer[count..count + length].copy_from_slice(&rest[..length]);
            (count, piece.read) = (count + length, piece.read + length);
            if piece.read == piece.bytes.len() {
                way.pieces.pop_front();
            }
        }
        if count > 0 {
            way.held -= count;
            let writer = way.writer.take();
            drop(state);
            writer.into_iter().for_each(Waker::wake);
            return Poll::Ready(Ok(count));
        }
        if way.pieces.is_empty() && is_past(way.end) {
            return Poll::Ready(Ok(0));
        }
        way.reader = Some(cx.waker().clone());
        let next = way.pieces.front().map_or(way.end, |piece| Some(piece.at));
        let until = [next, lost].into_iter().flatten().min();
        drop(state);
        wait(&mut self.reading, until, cx);
        Poll::Pending
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        if self.aborted || self.ended {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        let link = self.link.clone();
        let mut state = lock(&link);
        if self.must_yield(cx, state.weather.yields) {
            return Poll::Pending;
        }
        let side = self.side;
        if is_past(state.lost[side]) || is_past(state.left[side]) {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        let room = state.weather.capacity.saturating_sub(state.ways[side].held);
        if room == 0 {
            state.ways[side].writer = Some(cx.waker().clone());
            let until = [state.lost[side], state.left[side]];
            drop(state);
            let until = until.into_iter().flatten().min();
            wait(&mut self.writing, until, cx);
            return Poll::Pending;
        }
        let count = self.portion(room.min(bytes.len()), state.weather.crumbs);
        let at = state.arrival(side);
        let way = &mut state.ways[side];
        way.held += count;
        if !way.hole {
            way.pieces.push_back(Piece {
                at,
                bytes: bytes[..count].to_vec(),
                read: 0,
            });
        }
        let reader = way.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(cx, first.copied().unwrap_or_default())
    }

    fn is_write_vectored(&self) -> bool {
        false
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        let yields = lock(&self.link).weather.yields;
        if self.must_yield(cx, yields) {
            return Poll::Pending;
        }
        match self.aborted || is_past(lock(&self.link).lost[self.side]) {
            true => Poll::Ready(Err(ErrorKind::Reset.into())),
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        let link = self.link.clone();
        let mut state = lock(&link);
        if self.aborted || is_past(state.lost[self.side]) {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        if !std::mem::replace(&mut self.ended, true) {
            let at = state.arrival(self.side);
            let way = &mut state.ways[self.side];
            if !way.hole {
                way.end = Some(at);
            }
            state.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.aborted = true;
        lock(&self.link).leave(self.side, true);
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<tls::PeerKey>()).then_some(&self.peer)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        lock(&self.link).leave(self.side, false);
    }
}
