//! Waiting for sockets, timers and wakers: one poller for each thread.
//!
//! A socket is registered with the poller of the thread that polls it last, so a flow can be moved
//! between threads, and be used by two at once. Whoever leaves `block_on` wakes what waits at its
//! poller, since nobody looks there any longer; woken elsewhere, that finds another poller.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt, io, mem,
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Registry, Token, event::Source};

use super::OutsideBlockOn;

/// How many events one wait takes from the system; the next wait takes the rest.
const EVENTS: usize = 256;

/// The token of the poller's own waker.
const WAKER: Token = Token(usize::MAX);

thread_local! {
    static LOCAL: RefCell<Option<Rc<Local>>> = const { RefCell::new(None) };
}

/// The poller of a thread, as only that thread sees it.
pub(super) struct Local {
    pub(super) shared: Arc<Reactor>,
    poll: RefCell<(Poll, Events)>,
    depth: Cell<usize>,
}

/// The poller of a thread, as everyone sees it.
pub(super) struct Reactor {
    registry: Registry,
    waker: mio::Waker,
    /// Whether the thread waits, or is about to.
    waiting: AtomicBool,
    sources: Mutex<Vec<Option<Arc<Interests>>>>,
    timers: Mutex<Timers>,
}

#[derive(Default)]
struct Timers {
    waiting: BTreeMap<(Instant, u64), Waker>,
    next: u64,
}

/// Who waits for a socket, in each direction.
#[derive(Debug, Default)]
pub(super) struct Interests(Mutex<[Option<Waker>; 2]>);

/// The directions of a socket.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Read,
    Write,
}

impl Interests {
    pub(super) fn set(&self, direction: Direction, waker: &Waker) {
        match &mut lock(&self.0)[direction as usize] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn take(&self, direction: Direction) -> Option<Waker> {
        lock(&self.0)[direction as usize].take()
    }

    fn take_both(&self) -> [Option<Waker>; 2] {
        mem::take(&mut *lock(&self.0))
    }
}

impl Local {
    /// The poller of this thread, made when it is first wanted.
    pub(super) fn get() -> io::Result<Rc<Self>> {
        LOCAL.with_borrow_mut(|local| {
            if let Some(local) = local {
                return Ok(local.clone());
            }
            let made = Rc::new(Self::new()?);
            *local = Some(made.clone());
            Ok(made)
        })
    }

    fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let shared = Reactor {
            registry: poll.registry().try_clone()?,
            waker: mio::Waker::new(poll.registry(), WAKER)?,
            waiting: AtomicBool::new(false),
            sources: Mutex::default(),
            timers: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            poll: RefCell::new((poll, Events::with_capacity(EVENTS))),
            depth: Cell::new(0),
        })
    }

    /// Begins a `block_on`, until what is given back is dropped.
    pub(super) fn enter(self: &Rc<Self>) -> Entered {
        self.depth.set(self.depth.get() + 1);
        Entered(self.clone())
    }

    /// Waits until `woken`, a socket or a timer wants something, and wakes who waited for it.
    pub(super) fn wait(&self, woken: &AtomicBool) -> io::Result<()> {
        let shared = &*self.shared;
        shared.waiting.store(true, Ordering::SeqCst);
        // Whoever wakes after this line sees that the thread waits, and interrupts it.
        let timeout = match woken.load(Ordering::SeqCst) {
            true => Some(Duration::ZERO),
            false => shared.until_next_timer(),
        };
        let mut ready = Vec::new();
        let polled = {
            let (poll, events) = &mut *self.poll.borrow_mut();
            let polled = poll.poll(events, timeout);
            shared.waiting.store(false, Ordering::SeqCst);
            if polled.is_ok() {
                shared.take_ready(events, &mut ready);
            }
            polled
        };
        shared.take_expired(&mut ready);
        ready.into_iter().for_each(Waker::wake);
        match polled {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

/// A `block_on` being run.
pub(super) struct Entered(Rc<Local>);

impl Drop for Entered {
    fn drop(&mut self) {
        let depth = self.0.depth.get() - 1;
        self.0.depth.set(depth);
        if depth == 0 {
            self.0.shared.wake_all();
        }
    }
}

impl Reactor {
    /// The poller of the `block_on` that this thread is in.
    pub(super) fn current() -> Result<Arc<Self>, OutsideBlockOn> {
        LOCAL.with_borrow(|local| {
            let local = local.as_ref().filter(|local| local.depth.get() > 0);
            local
                .map(|local| local.shared.clone())
                .ok_or(OutsideBlockOn)
        })
    }

    /// Ends the thread's wait, or the next one if it is about to wait.
    pub(super) fn interrupt(&self) {
        if self.waiting.load(Ordering::SeqCst) {
            // It fails when the system has no memory left; the thread is then woken by the next event.
            let _ = self.waker.wake();
        }
    }

    pub(super) fn register(
        &self,
        source: &mut impl Source,
        interests: &Arc<Interests>,
    ) -> io::Result<Token> {
        let token = {
            let mut sources = lock(&self.sources);
            let free = sources.iter().position(Option::is_none);
            let place = free.unwrap_or_else(|| {
                sources.push(None);
                sources.len() - 1
            });
            sources[place] = Some(interests.clone());
            Token(place)
        };
        let both = Interest::READABLE | Interest::WRITABLE;
        let registered = self.registry.register(source, token, both);
        if let Err(error) = registered {
            lock(&self.sources)[token.0] = None;
            return Err(error);
        }
        Ok(token)
    }

    pub(super) fn deregister(&self, source: &mut impl Source, token: Token) {
        // A socket that cannot be taken off the poller is taken off when it is closed.
        let _ = self.registry.deregister(source);
        lock(&self.sources)[token.0] = None;
    }

    /// Wakes `waker` at `deadline`; the number takes it back.
    pub(super) fn add_timer(&self, deadline: Instant, waker: Waker) -> u64 {
        let mut timers = lock(&self.timers);
        let number = timers.next;
        timers.next += 1;
        timers.waiting.insert((deadline, number), waker);
        number
    }

    pub(super) fn remove_timer(&self, deadline: Instant, number: u64) {
        lock(&self.timers).waiting.remove(&(deadline, number));
    }

    fn until_next_timer(&self) -> Option<Duration> {
        let timers = lock(&self.timers);
        let ((deadline, _), _) = timers.waiting.first_key_value()?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    fn take_ready(&self, events: &Events, ready: &mut Vec<Waker>) {
        let sources = lock(&self.sources);
        for event in events {
            let Some(Some(interests)) = sources.get(event.token().0) else {
                continue;
            };
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                ready.extend(interests.take(Direction::Read));
            }
            if event.is_writable() || event.is_write_closed() || event.is_error() {
                ready.extend(interests.take(Direction::Write));
            }
        }
    }

    fn take_expired(&self, ready: &mut Vec<Waker>) {
        let mut timers = lock(&self.timers);
        if timers.waiting.is_empty() {
            return;
        }
        let later = timers.waiting.split_off(&(Instant::now(), u64::MAX));
        ready.extend(mem::replace(&mut timers.waiting, later).into_values());
    }

    fn wake_all(&self) {
        let mut wakers: Vec<Waker> = Vec::new();
        for interests in lock(&self.sources).iter().flatten() {
            wakers.extend(interests.take_both().into_iter().flatten());
        }
        wakers.extend(mem::take(&mut lock(&self.timers).waiting).into_values());
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under these locks panics half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
