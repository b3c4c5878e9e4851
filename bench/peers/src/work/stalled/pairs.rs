//! Pairs that ask and answer, beside a recipient of single messages.

use std::{io, time::Duration};

use super::{Background, Scene, Stage, fill};
use crate::{Came, Client, Faults, Name, Poll, Tally};

/// How many pairs there are; one asks after the other.
const PAIRS: u32 = 4;

/// The size of a question, in bytes.
const SIZE: usize = 128;

/// The first of those in pairs; lower numbers are who stores messages.
const FIRST: u32 = 10;

/// The one who sends to the one who does not read, and that one.
const SENDER: u32 = FIRST + 2 * PAIRS;
const RECIPIENT: u32 = SENDER + 1;

/// How long who answers waits at most before it looks whether it is over.
const NAP: Duration = Duration::from_millis(10);

/// Pairs that ask and answer.
pub(super) struct Pairs<'a> {
    stage: Stage<'a>,
    asking: Vec<Client>,
    /// Of the answers, by pair.
    tallies: Vec<Tally>,
    sent: Vec<u64>,
    /// Which pair is next.
    next: usize,
    _answers: Background,
}

impl<'a> Pairs<'a> {
    pub(super) fn connect(stage: Stage<'a>) -> io::Result<Self> {
        let (mut asking, mut answering) = (Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            let [asks, answers] = [FIRST + 2 * pair, FIRST + 2 * pair + 1];
            let mut one = stage.connect(asks)?;
            let mut other = stage.connect(answers)?;
            one.aim(Name::One(answers))?;
            other.aim(Name::One(asks))?;
            other.wire().set_nonblocking(true)?;
            asking.push(one);
            answering.push(other);
        }
        let mut poll = Poll::new(answering.iter().map(Client::wire))?;
        Ok(Self {
            stage,
            tallies: vec![Tally::default(); asking.len()],
            sent: vec![0; asking.len()],
            asking,
            next: 0,
            _answers: Background::run(move || answer(&mut poll, &mut answering)),
        })
    }
}

impl Scene for Pairs<'_> {
    /// One question and its answer.
    fn once(&mut self) -> io::Result<()> {
        let pair = self.next;
        self.next = (pair + 1) % self.asking.len();
        let (client, pattern) = (&mut self.asking[pair], &self.stage.bench.pattern);
        let mut body = [0; SIZE];
        pattern.fill(0, self.sent[pair], &mut body);
        self.sent[pair] += 1;
        client.request(&body);
        client.flush()?;
        let mut answered = false;
        while !answered {
            client.receive(&mut |came| {
                if let Came::Message(body) = came {
                    self.tallies[pair].count(0, pattern.read(body, SIZE));
                    answered = true;
                }
            })?;
        }
        Ok(())
    }

    fn stall(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for (tally, sent) in self.tallies.iter().zip(&self.sent) {
            faults.add(tally.faults(*sent));
        }
        faults
    }
}

/// Answers who has asked.
fn answer(poll: &mut Poll, clients: &mut [Client]) -> io::Result<()> {
    let mut bodies = Vec::new();
    for index in poll.wait_for(NAP)? {
        let client = &mut clients[index];
        let received = client.receive(&mut |came| {
            if let Came::Message(body) = came {
                bodies.extend_from_slice(body);
            }
        });
        match received {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            received => received?,
        }
        if !bodies.is_empty() {
            client.reply(&bodies);
            client.flush()?;
            bodies.clear();
        }
    }
    Ok(())
}

/// Pairs beside one who is sent to for as long as there is credit.
pub(super) struct Asking<'a> {
    pairs: Pairs<'a>,
    sender: Client,
    _recipient: Client,
}

impl<'a> Asking<'a> {
    pub(super) fn begin(stage: Stage<'a>) -> io::Result<Self> {
        let mut asking = Self {
            pairs: Pairs::connect(stage)?,
            sender: stage.connect(SENDER)?,
            _recipient: stage.connect(RECIPIENT)?,
        };
        asking.sender.aim(Name::One(RECIPIENT))?;
        Ok(asking)
    }
}

impl Scene for Asking<'_> {
    fn once(&mut self) -> io::Result<()> {
        self.pairs.once()
    }

    fn stall(&mut self) -> io::Result<()> {
        fill(self.pairs.stage.bench, &mut self.sender, SENDER)
    }

    fn faults(&self) -> Faults {
        self.pairs.faults()
    }
}
