//! Durable members of groups: who gets what is published while it is away.

use std::sync::Arc;

use tuyau_wire::{Grant, Identity, Level, Message, RejectCode, Signed};

use super::{Mail, ranges};
use crate::{
    Timestamp,
    group::Group,
    outbox::Outbox,
    peer::Peer,
    store::{Directory, Id, Item, ReadLimit, Room, Spool, StoreError, Subject},
};

/// That an identity is a durable member of a group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) group: Identity,
    pub(crate) identity: Identity,
    /// Why it may.
    pub(crate) grant: Option<Signed<Grant>>,
}

/// Who waits for the answer to a request, and its number.
pub(crate) type Asker = Option<(Outbox, u64)>;

/// From where on up to where is left to be dropped out of a mailbox.
type Dropped = Result<Option<(u64, u64)>, StoreError>;

/// Does a part of it.
type Part = Box<dyn FnOnce(&mut dyn Spool, &mut dyn Directory, Timestamp) -> Dropped + Send>;

/// How many times so much is looked through in one turn of the store.
const STEPS: usize = 16;

/// How much of a mailbox is looked through at a time.
const STEP: ReadLimit = ReadLimit {
    messages: 4096,
    bytes: 4 << 20,
};

/// How many items of a directory are read at a time.
const PAGE: usize = 4096;

/// The length of a signature in bytes.
const SIGNATURE: usize = 64;

/// Every durable member that a directory has. What is not one is left out.
pub(crate) fn members(directory: &dyn Directory) -> Vec<Member> {
    let zero = Id::new([0; Id::LENGTH]);
    let before = Subject::Member {
        group: zero,
        member: zero,
    };
    let (mut members, mut after) = (Vec::new(), before);
    loop {
        let items = directory.items(Some(after), PAGE);
        let Some(last) = items.last() else {
            return members;
        };
        after = last.subject;
        for item in &items {
            match item.subject {
                Subject::Member { .. } => members.extend(decode(item)),
                _ => return members,
            }
        }
    }
}

fn decode(item: &Item) -> Option<Member> {
    let Subject::Member { group, member } = item.subject else {
        return None;
    };
    let grant = match item.bytes.split_first_chunk::<SIGNATURE>() {
        Some((signature, claims)) => Some(Signed::from_parts(claims, *signature).ok()?),
        None => None,
    };
    Some(Member {
        group: group.identity().ok()?,
        identity: member.identity().ok()?,
        grant,
    })
}

fn encode(grant: Option<&Signed<Grant>>) -> Arc<[u8]> {
    match grant {
        Some(grant) => [&grant.signature()[..], grant.bytes()].concat().into(),
        None => Arc::from([]),
    }
}

impl Mail {
    /// Makes an identity a durable member of a group, and tells who asked for it.
    pub(crate) fn enlist(
        &self,
        group: Arc<Group>,
        peer: Arc<Peer>,
        grant: Option<&Signed<Grant>>,
        asker: Asker,
    ) {
        let subject = subject(&group, &peer);
        let bytes = encode(grant);
        let put = move |_: &mut dyn Spool, directory: &mut dyn Directory, _| {
            // In its turn, so that leaving comes behind it.
            group.enlist(&peer);
            let known = directory.item(&subject);
            directory.put(Item {
                subject,
                sequence: known.map_or(0, |known| known.sequence + 1),
                expires: Timestamp::from_millis(u64::MAX),
                withdrawn: false,
                bytes,
            })
        };
        let mail = self.clone();
        let answer = move |put: Result<Result<_, StoreError>, StoreError>| match put.flatten() {
            Ok(_) => answer(asker, Ok(())),
            Err(error) => {
                mail.failed(&error);
                answer(asker, Err(()));
            }
        };
        self.asked(self.store().write(Room::none(), put, answer));
    }

    /// Ends a durable membership: nothing that is published from now on is kept for the member, and
    /// what is kept is dropped. Who asked for it is told when that is done.
    pub(crate) fn dismiss(&self, group: Arc<Group>, peer: Arc<Peer>, asker: Asker) {
        let subject = subject(&group, &peer);
        let whose = (peer.identity, Id::from(group.identity));
        let mail = self.clone();
        let remove = move |spool: &mut dyn Spool, directory: &mut dyn Directory, _| {
            group.dismiss(&peer.identity);
            if !directory.remove(subject)? {
                return Ok(None);
            }
            // What comes later is for a membership that begins anew.
            let until = spool.counters().next_position;
            let next = mail.drop_some(spool, whose, (0, until))?;
            Ok(next.map(|next| (next, until)))
        };
        self.dropped(Box::new(remove), whose, asker);
    }

    /// Does a part of dropping what was published to a group out of a mailbox, and what that part says
    /// is left, step by step; whoever asked is told at the end.
    fn dropped(&self, part: Part, whose: (Identity, Id), asker: Asker) {
        let mail = self.clone();
        let answer = move |dropped: Result<Dropped, StoreError>| match dropped.flatten() {
            Ok(Some((next, until))) => {
                let again = mail.clone();
                let part = move |spool: &mut dyn Spool, _: &mut dyn Directory, _| {
                    let next = again.drop_some(spool, whose, (next, until))?;
                    Ok(next.map(|next| (next, until)))
                };
                mail.dropped(Box::new(part), whose, asker);
            }
            Ok(None) => answer(asker, Ok(())),
            Err(error) => {
                mail.failed(&error);
                answer(asker, Err(()));
            }
        };
        self.asked(self.store().write(Room::none(), part, answer));
    }

    /// Drops what was published to a group out of a mailbox, from one position up to another, and gives
    /// where to go on when that was not all: others wait for the store meanwhile.
    fn drop_some(
        &self,
        spool: &mut dyn Spool,
        (recipient, group): (Identity, Id),
        (from, until): (u64, u64),
    ) -> Result<Option<u64>, StoreError> {
        let (mailbox, mut from) = (Id::from(recipient), from);
        for _ in 0..STEPS {
            let mut entries = Vec::new();
            spool.read(mailbox, from, STEP, &mut entries)?;
            let next = entries.last().map(|entry| entry.position + 1);
            entries.retain(|entry| entry.group == Some(group) && entry.position < until);
            let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
            for range in ranges(&positions) {
                spool.acknowledge(mailbox, range)?;
            }
            self.receipts().acknowledged(&positions);
            match next.filter(|next| *next < until) {
                Some(next) => from = next,
                None => return Ok(None),
            }
        }
        Ok(Some(from))
    }
}

fn subject(group: &Group, peer: &Peer) -> Subject {
    Subject::Member {
        group: group.identity.into(),
        member: peer.identity.into(),
    }
}

/// Answers a join or a leave.
fn answer(asker: Asker, result: Result<(), ()>) {
    let Some((outbox, sequence)) = asker else {
        return;
    };
    let text = "the router's store has failed; tell whoever runs it, and try again later";
    outbox.tell(&match result {
        Ok(()) => Message::Receipt {
            level: Level::Accepted,
            first: sequence,
            last: sequence,
        },
        Err(()) => Message::Reject {
            sequence: Some(sequence),
            code: RejectCode::Internal,
            text,
        },
    });
}
