//! What is measured: a server, and how to speak to it. To add one, implement [`Peer`] and [`Codec`] in a
//! file under `driver/` and name it in `driver.rs`.
//!
//! A codec does no I/O once it is connected, but turns messages into bytes and bytes into messages. The
//! load generator does the reading and writing, the same for all.

use std::{io, time::Instant};

use crate::{Keys, Server, Site, Wire, wire::PATIENCE};

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// One client, which is registered under this number.
    One(u32),
    /// Those who joined this group.
    Group(u32),
}

/// The part of a contender in the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// The plain relay, which nothing with features is to beat.
    Ceiling,
    /// The router of this project.
    Ours,
    /// Another router, among which is the best one that ratios are to.
    Foreign,
}

/// What came.
pub enum Came<'a> {
    /// The body of a message.
    Message(&'a [u8]),
    /// So many more messages that this client sent are stored for good.
    Stored(u64),
}

/// A router to measure.
pub trait Peer: Sync {
    /// How it is called in tables and on the command line.
    fn name(&self) -> &'static str;

    /// The version that is installed, or nothing when it is not.
    fn version(&self) -> Option<String>;

    /// Which part it has in the comparison.
    fn role(&self) -> Role {
        Role::Foreign
    }

    /// Makes what clients of so many names need, so that it is not measured with them.
    fn prepare(&self, _clients: u32) {}

    /// The most messages that may be between sender and recipient without any being dropped.
    fn most_in_flight(&self) -> u64 {
        u64::MAX
    }

    /// The longest body that it takes, in bytes.
    fn longest(&self) -> usize {
        crate::body::LONGEST
    }

    /// Whether it has groups.
    fn has_groups(&self) -> bool {
        true
    }

    /// Starts a server with an empty state, in its documented fast settings.
    ///
    /// # Errors
    /// When it does not start.
    fn start(&self, site: Site) -> io::Result<Server>;

    /// Connects to it, and returns once the server has said that messages for `own` will come here.
    ///
    /// # Errors
    /// When the server refuses.
    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client>;

    /// How it keeps messages, when it does.
    fn durable(&self) -> Option<&dyn Durable> {
        None
    }

    /// How it is started with registrations, when it can be.
    fn known(&self) -> Option<&dyn Known> {
        None
    }

    /// How it is told what a client may cost, when it can be.
    fn bounded(&self) -> Option<&dyn Bounded> {
        None
    }
}

/// A router that can be started with registrations of clients who are away.
pub trait Known: Sync {
    /// Starts a server that knows so many.
    ///
    /// # Errors
    /// When it does not start.
    fn start(&self, site: Site, routes: u32) -> io::Result<Server>;
}

/// What one client may cost a server, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// What waits for it while it does not read.
    pub queue: u64,
    /// What one sender may have on the way to it before the server allows more.
    pub credit: u64,
}

/// A router with bounds on what a slow client costs.
pub trait Bounded: Sync {
    /// Starts a server with these bounds that does not part from who does not read, for as long as a turn
    /// may take.
    ///
    /// # Errors
    /// When it does not start.
    fn start(&self, site: Site, budget: Budget) -> io::Result<Server>;
}

/// A router that keeps messages for clients who are away.
pub trait Durable: Sync {
    /// The ways to store messages that are measured, each by its name: those in which a confirmed message
    /// is synced to the disk, or those in which it is so later.
    fn modes(&self, synced: bool) -> &'static [&'static str];

    /// The ways to empty a mailbox that are measured, each by its name.
    fn drains(&self) -> &'static [&'static str];

    /// Starts a server that keeps messages, in one of either ways.
    ///
    /// # Errors
    /// When it does not start.
    fn start(&self, site: Site, mode: &str) -> io::Result<Server>;

    /// Makes what messages for a name are kept in.
    ///
    /// # Errors
    /// When the server refuses.
    fn mailbox(&self, server: &Server, keys: &Keys, name: Name, mode: &str) -> io::Result<()>;

    /// Connects one whose messages for a name are kept: each is followed by [`Came::Stored`].
    ///
    /// # Errors
    /// When the server refuses.
    fn sender(&self, server: &Server, keys: &Keys, to: Name) -> io::Result<Client>;

    /// Connects one who takes what was kept, and whose codec acknowledges each message.
    ///
    /// # Errors
    /// When the server refuses.
    fn recipient(&self, server: &Server, keys: &Keys, own: Name, mode: &str) -> io::Result<Client>;
}

/// The wire protocol of a peer, at the client's end.
pub trait Codec: Send {
    /// Becomes a member of a group, and returns once the server has said so.
    ///
    /// # Errors
    /// When the server refuses.
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()>;

    /// Chooses whom [`send`](Self::send) is for from now on.
    ///
    /// # Errors
    /// When the server refuses.
    fn aim(&mut self, wire: &mut Wire, to: Name) -> io::Result<()>;

    /// Appends a message to what will be written.
    fn send(&mut self, body: &[u8], out: &mut Vec<u8>);

    /// How many messages the server lets us send before it says more. Who has less than is needed reads.
    fn room(&self) -> u64 {
        u64::MAX
    }

    /// Appends a request to whom we aim at, where that is more than a message.
    fn request(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.send(body, out);
    }

    /// Appends the reply to the request that came last; until then, we have aimed at who asked.
    fn reply(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.send(body, out);
    }

    /// Reads what has come, as far as it is whole, and gives how many bytes that was. What the server
    /// wants to be told in return goes to `answers`.
    ///
    /// # Errors
    /// When the server complains, or says what is not understood.
    fn take(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize>;
}

/// A connected client.
pub struct Client {
    wire: Wire,
    codec: Box<dyn Codec>,
    out: Vec<u8>,
    /// Since when neither a message has come nor room for more.
    quiet: Option<Instant>,
}

impl Client {
    /// A client that is registered.
    pub fn new(wire: Wire, codec: impl Codec + 'static) -> Self {
        Self {
            wire,
            codec: Box::new(codec),
            out: Vec::new(),
            quiet: None,
        }
    }

    /// The connection.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// As [`Codec::join`].
    ///
    /// # Errors
    /// When the server refuses.
    pub fn join(&mut self, group: u32) -> io::Result<()> {
        self.codec.join(&mut self.wire, group)
    }

    /// As [`Codec::aim`].
    ///
    /// # Errors
    /// When the server refuses.
    pub fn aim(&mut self, to: Name) -> io::Result<()> {
        self.codec.aim(&mut self.wire, to)
    }

    /// Appends a message.
    pub fn send(&mut self, body: &[u8]) {
        self.codec.send(body, &mut self.out);
    }

    /// As [`Codec::room`].
    pub fn room(&self) -> u64 {
        self.codec.room()
    }

    /// Reads until the server lets us send so many messages.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn make_room(&mut self, count: u64) -> io::Result<()> {
        while self.codec.room() < count {
            self.receive(&mut |_| {})?;
        }
        Ok(())
    }

    /// Appends a request.
    pub fn request(&mut self, body: &[u8]) {
        self.codec.request(body, &mut self.out);
    }

    /// Appends a reply.
    pub fn reply(&mut self, body: &[u8]) {
        self.codec.reply(body, &mut self.out);
    }

    /// Writes what was appended.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            self.wire.write(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    /// Reads once, and handles what is whole; that may be nothing.
    ///
    /// # Errors
    /// When the connection is gone or the server complains; `WouldBlock` when nothing has come, for long
    /// or, where reading does not wait, now.
    pub fn receive(&mut self, each: &mut dyn FnMut(Came<'_>)) -> io::Result<()> {
        self.wire.read()?;
        let (mut came, room) = (false, self.codec.room());
        let used = self
            .codec
            .take(self.wire.plain(), &mut self.out, &mut |what| {
                came = true;
                each(what);
            })?;
        self.wire.take(used);
        self.flush()?;
        if came || self.codec.room() > room {
            self.quiet = None;
        } else if self.quiet.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    }
}
