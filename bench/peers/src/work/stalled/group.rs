//! A group with a member that does not read.

use std::io;

use super::{SIZE, Scene, Stage};
use crate::{Bench, Came, Client, Faults, Name, Tally};

/// How many members read.
const MEMBERS: u32 = 4;

const GROUP: u32 = 0;

/// The one who publishes, and the one who does not read.
const PUBLISHER: u32 = MEMBERS;
const LAZY: u32 = MEMBERS + 1;

/// One message after the other: the next is sent when all who read have the last one.
pub(super) struct Publishing<'a> {
    stage: Stage<'a>,
    publisher: Client,
    members: Vec<Client>,
    tallies: Vec<Tally>,
    sent: u64,
    lazy: Client,
}

impl<'a> Publishing<'a> {
    pub(super) fn begin(stage: Stage<'a>) -> io::Result<Self> {
        let members = (0..MEMBERS).map(|number| {
            let mut member = stage.connect(number)?;
            member.join(GROUP)?;
            Ok(member)
        });
        let members = members.collect::<io::Result<Vec<_>>>()?;
        let mut publisher = stage.connect(PUBLISHER)?;
        publisher.aim(Name::Group(GROUP))?;
        Ok(Self {
            stage,
            publisher,
            tallies: vec![Tally::default(); members.len()],
            members,
            sent: 0,
            lazy: stage.connect(LAZY)?,
        })
    }
}

impl Scene for Publishing<'_> {
    /// One message, which all who read get.
    fn once(&mut self) -> io::Result<()> {
        let (bench, publisher) = (self.stage.bench, &mut self.publisher);
        let mut body = vec![0; SIZE];
        bench.pattern.fill(PUBLISHER, self.sent, &mut body);
        self.sent += 1;
        publisher.make_room(1)?;
        publisher.send(&body);
        publisher.flush()?;
        let mut both = self.members.iter_mut().zip(&mut self.tallies);
        both.try_for_each(|(member, tally)| receive(bench, member, tally))
    }

    /// Its queue fills with what is published.
    fn stall(&mut self) -> io::Result<()> {
        self.lazy.join(GROUP)
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for tally in &self.tallies {
            faults.add(tally.faults(self.sent));
        }
        faults
    }
}

/// Waits for one message.
fn receive(bench: &Bench, member: &mut Client, tally: &mut Tally) -> io::Result<()> {
    let mut came = false;
    while !came {
        member.receive(&mut |what| {
            if let Came::Message(body) = what {
                tally.count(PUBLISHER, bench.pattern.read(body, SIZE));
                came = true;
            }
        })?;
    }
    Ok(())
}
