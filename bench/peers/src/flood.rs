//! Many messages from senders to recipients: one thread writes and one reads, whatever the number of
//! connections, and each sender has only so much on the way that nothing need be dropped.

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use crate::{Bench, Came, Client, Faults, Name, Peer, Poll, Server, Tally};

/// What all senders together may have on the way, in bytes of bodies.
const WINDOW: u64 = 4 * 1024 * 1024;

/// What all of them may in messages, so that slow routers have soon done what is left at the end of a turn:
/// in a full run, in a short one.
const MESSAGES: [u64; 2] = [64 * 1024, 4 * 1024];

/// What one of them may at least, in messages.
const LEAST: u64 = 16;

/// What is written at once, in bytes, when there is that much to send.
const BATCH: usize = 64 * 1024;

/// How long the writing thread waits at most before it looks again.
const NAP: Duration = Duration::from_millis(100);

/// Who sends to whom.
#[derive(Clone, Copy)]
pub enum Shape {
    /// So many senders, each with a recipient of its own.
    Pairs(u32),
    /// One sender to a group of so many.
    Group(u32),
}

/// Connected senders and recipients, and what they have sent and received.
pub struct Flood<'a> {
    bench: &'a Bench,
    size: usize,
    window: u64,
    shape: Shape,
    senders: Vec<Client>,
    sent: Vec<u64>,
    recipients: Vec<Client>,
    tallies: Vec<Tally>,
}

/// What both threads share.
struct Shared {
    /// By recipient.
    received: Vec<AtomicU64>,
    /// What each sender will have sent when it has ended.
    totals: Vec<AtomicU64>,
    /// Set when one thread cannot go on.
    broken: AtomicBool,
    sending: Mutex<Option<Thread>>,
}

impl<'a> Flood<'a> {
    /// Connects everyone.
    ///
    /// # Errors
    /// When a server refuses.
    pub fn connect(
        bench: &'a Bench,
        peer: &dyn Peer,
        server: &Server,
        shape: Shape,
        size: usize,
    ) -> io::Result<Self> {
        let (senders, recipients) = match shape {
            Shape::Pairs(count) => (count, count),
            Shape::Group(members) => (1, members),
        };
        let mut connected = Vec::new();
        for number in 0..recipients {
            let mut recipient = peer.connect(server, &bench.keys, Name::One(number))?;
            if let Shape::Group(_) = shape {
                recipient.join(0)?;
            }
            connected.push(recipient);
        }
        let mut sending = Vec::new();
        for number in 0..senders {
            let mut sender = peer.connect(server, &bench.keys, Name::One(recipients + number))?;
            sender.aim(match shape {
                Shape::Pairs(_) => Name::One(number),
                Shape::Group(_) => Name::Group(0),
            })?;
            sending.push(sender);
        }
        let most = (WINDOW / size as u64).min(MESSAGES[usize::from(bench.short)]);
        let window = (most / u64::from(senders)).max(LEAST);
        Ok(Self {
            bench,
            size,
            window: window.min(peer.most_in_flight()),
            shape,
            sent: vec![0; sending.len()],
            senders: sending,
            tallies: vec![Tally::default(); connected.len()],
            recipients: connected,
        })
    }

    /// Sends for some time, until all of it has come. Gives the number of deliveries and the time.
    ///
    /// # Errors
    /// When a connection breaks; losses are no errors but [faults](Self::faults).
    pub fn run(&mut self, time: Duration) -> io::Result<(u64, Duration)> {
        let before: u64 = self.tallies.iter().map(|tally| tally.whole).sum();
        let shared = Shared {
            received: self
                .tallies
                .iter()
                .map(|tally| tally.whole.into())
                .collect(),
            totals: self.sent.iter().map(|_| u64::MAX.into()).collect(),
            broken: false.into(),
            sending: Mutex::new(None),
        };
        let began = Instant::now();
        let Self {
            bench,
            size,
            window,
            shape,
            senders,
            sent,
            recipients,
            tallies,
        } = self;
        let writer = Writer {
            bench,
            size: *size,
            window: *window,
            shape: *shape,
            shared: &shared,
            until: began + time,
        };
        let reader = Reader {
            bench,
            size: *size,
            shape: *shape,
            shared: &shared,
        };
        thread::scope(|scope| {
            let writing = scope.spawn(|| shared.guard(writer.run(senders, sent)));
            let read = shared.guard(reader.run(recipients, tallies));
            let written = writing
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")));
            written.and(read)
        })?;
        let after: u64 = self.tallies.iter().map(|tally| tally.whole).sum();
        Ok((after - before, began.elapsed()))
    }

    /// What went wrong so far.
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for (recipient, tally) in self.tallies.iter().enumerate() {
            faults.add(tally.faults(self.sent[self.shape.sender(recipient)]));
        }
        faults
    }
}

impl Shape {
    /// Whose messages a recipient gets.
    fn sender(self, recipient: usize) -> usize {
        match self {
            Self::Pairs(_) => recipient,
            Self::Group(_) => 0,
        }
    }

    /// Who gets the messages of a sender.
    fn recipients(self, sender: usize) -> std::ops::Range<usize> {
        match self {
            Self::Pairs(_) => sender..sender + 1,
            Self::Group(members) => 0..members as usize,
        }
    }
}

impl Shared {
    /// Tells the other thread when this one cannot go on.
    fn guard(&self, result: io::Result<()>) -> io::Result<()> {
        if result.is_err() {
            self.broken.store(true, Ordering::Release);
            self.wake();
        }
        result
    }

    fn wake(&self) {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*sending {
            thread.unpark();
        }
    }

    fn broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }
}

struct Writer<'a> {
    bench: &'a Bench,
    size: usize,
    window: u64,
    shape: Shape,
    shared: &'a Shared,
    until: Instant,
}

impl Writer<'_> {
    fn run(&self, senders: &mut [Client], sent: &mut [u64]) -> io::Result<()> {
        *self
            .shared
            .sending
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        let mut body = vec![0; self.size];
        // Small enough that the server has work while the next one is made.
        let least = (self.window / 4).min((BATCH / self.size) as u64).max(1);
        while Instant::now() < self.until && !self.shared.broken() {
            let mut idle = true;
            for (index, sender) in senders.iter_mut().enumerate() {
                let room = self.room(index, sent[index]);
                if room >= least {
                    idle = false;
                    self.batch(index, sender, &mut sent[index], least, &mut body)?;
                }
            }
            if idle {
                thread::park_timeout(NAP);
            }
        }
        // The last message of each tells the reader beforehand that it is the last one.
        for (index, sender) in senders.iter_mut().enumerate() {
            while self.room(index, sent[index]) == 0 && !self.shared.broken() {
                thread::park_timeout(NAP);
            }
            self.shared.totals[index].store(sent[index] + 1, Ordering::Release);
            self.batch(index, sender, &mut sent[index], 1, &mut body)?;
        }
        Ok(())
    }

    fn batch(
        &self,
        index: usize,
        sender: &mut Client,
        sent: &mut u64,
        count: u64,
        body: &mut [u8],
    ) -> io::Result<()> {
        sender.make_room(count)?;
        for _ in 0..count {
            self.bench.pattern.fill(index as u32, *sent, body);
            *sent += 1;
            sender.send(body);
        }
        sender.flush()
    }

    /// How many messages a sender may send now.
    fn room(&self, sender: usize, sent: u64) -> u64 {
        let received = &self.shared.received[self.shape.recipients(sender)];
        let least = received
            .iter()
            .map(|count| count.load(Ordering::Acquire))
            .min();
        self.window
            .saturating_sub(sent - least.unwrap_or(0).min(sent))
    }
}

struct Reader<'a> {
    bench: &'a Bench,
    size: usize,
    shape: Shape,
    shared: &'a Shared,
}

impl Reader<'_> {
    fn run(&self, recipients: &mut [Client], tallies: &mut [Tally]) -> io::Result<()> {
        let result = match recipients {
            [one] => self.one(one, &mut tallies[0]),
            all => self.all(all, tallies),
        };
        match result {
            // Nothing comes any more: what is missing is lost.
            Err(silent) if silent.kind() == io::ErrorKind::WouldBlock => {
                self.shared.broken.store(true, Ordering::Release);
                self.shared.wake();
                Ok(())
            }
            result => result,
        }
    }

    fn one(&self, recipient: &mut Client, tally: &mut Tally) -> io::Result<()> {
        while !self.complete(0, tally) && !self.shared.broken() {
            self.receive(0, recipient, tally)?;
            self.shared.wake();
        }
        Ok(())
    }

    fn all(&self, recipients: &mut [Client], tallies: &mut [Tally]) -> io::Result<()> {
        let mut poll = Poll::new(recipients.iter().map(Client::wire))?;
        for recipient in &*recipients {
            recipient.wire().set_nonblocking(true)?;
        }
        while !(0..recipients.len()).all(|index| self.complete(index, &tallies[index]))
            && !self.shared.broken()
        {
            for index in poll.wait()? {
                match self.receive(index, &mut recipients[index], &mut tallies[index]) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => result?,
                }
            }
            self.shared.wake();
        }
        Ok(())
    }

    fn receive(&self, index: usize, recipient: &mut Client, tally: &mut Tally) -> io::Result<()> {
        let sender = self.shape.sender(index) as u32;
        recipient.receive(&mut |came| {
            if let Came::Message(body) = came {
                tally.count(sender, self.bench.pattern.read(body, self.size));
            }
        })?;
        self.shared.received[index].store(tally.whole, Ordering::Release);
        Ok(())
    }

    fn complete(&self, index: usize, tally: &Tally) -> bool {
        tally.whole >= self.shared.totals[self.shape.sender(index)].load(Ordering::Acquire)
    }
}
