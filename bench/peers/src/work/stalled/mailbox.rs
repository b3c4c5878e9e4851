//! Pairs that ask and answer, beside one who is sent durable messages: the same number of them, whether it
//! takes them or not.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use super::{Background, SIZE, Scene, Stage, pairs::Pairs};
use crate::work::kept::{fill, store};
use crate::{Client, Faults, Name, Poll};

/// How many messages are stored at once, for which there is credit from the start, and the pause after them.
const AT_ONCE: u64 = 8;
const PAUSE: Duration = Duration::from_millis(2);

/// Whose mailbox is filled and emptied beforehand.
const FILLED: Name = Name::One(999);

/// Who has the mailbox.
const OWNER: Name = Name::One(1000);

/// How long the owner of the mailbox waits at most before it looks whether it is over.
const NAP: Duration = Duration::from_millis(10);

/// Pairs beside one whose messages are kept.
pub(super) struct Keeping<'a> {
    pairs: Pairs<'a>,
    /// Whether the owner reads.
    reads: Arc<AtomicBool>,
    /// How many messages were stored, and how many of them while it read.
    stored: Arc<AtomicU64>,
    taken: u64,
    _stores: Background,
    _takes: Background,
}

impl<'a> Keeping<'a> {
    pub(super) fn begin(stage: Stage<'a>) -> io::Result<Self> {
        let durable = stage.peer.durable();
        let durable = durable.ok_or(io::ErrorKind::Unsupported)?;
        let (server, keys) = (stage.server, &stage.bench.keys);
        if !stage.bench.short {
            fill(durable, server, keys, FILLED)?;
        }
        durable.mailbox(server, keys, OWNER, "")?;
        let mut owner = durable.recipient(server, keys, OWNER, "")?;
        let mut sender = durable.sender(server, keys, OWNER)?;
        let reads = Arc::new(AtomicBool::new(true));
        let (still, mut poll) = (reads.clone(), Poll::new([owner.wire()].into_iter())?);
        let takes = Background::run(move || match still.load(Ordering::Acquire) {
            true => take(&mut poll, &mut owner),
            false => {
                thread::sleep(NAP);
                Ok(())
            }
        });
        let stored = Arc::new(AtomicU64::new(0));
        let count = stored.clone();
        let stores = Background::run(move || {
            thread::sleep(PAUSE);
            let more = store(&mut sender, AT_ONCE, SIZE)?;
            count.fetch_add(more, Ordering::AcqRel);
            Ok(())
        });
        Ok(Self {
            pairs: Pairs::connect(stage)?,
            reads,
            stored,
            taken: 0,
            _stores: stores,
            _takes: takes,
        })
    }
}

/// Takes what comes, with acknowledgements.
fn take(poll: &mut Poll, owner: &mut Client) -> io::Result<()> {
    if poll.wait_for(NAP)?.is_empty() {
        return Ok(());
    }
    owner.receive(&mut |_| {})
}

impl Scene for Keeping<'_> {
    fn once(&mut self) -> io::Result<()> {
        self.pairs.once()
    }

    fn stall(&mut self) -> io::Result<()> {
        self.reads.store(false, Ordering::Release);
        self.taken = self.stored.load(Ordering::Acquire);
        Ok(())
    }

    fn kept(&self) -> u64 {
        self.stored.load(Ordering::Acquire) - self.taken
    }

    fn faults(&self) -> Faults {
        self.pairs.faults()
    }
}
