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

/// Where to go on in a mailbox, if there is more.
type Next = Option<u64>;

/// Whether there was a membership, and the position before which it held.
type Removed = (bool, u64);

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
        let (of, from) = (group.identity.into(), peer.clone());
        let remove = move |spool: &mut dyn Spool, directory: &mut dyn Directory, _| {
            group.dismiss(&peer.identity);
            // What comes later is for a membership that begins anew.
            let until = spool.counters().next_position;
            directory.remove(subject).map(|removed| (removed, until))
        };
        let mail = self.clone();
        let answer = move |removed: Result<Result<Removed, StoreError>, StoreError>| match removed
            .flatten()
        {
            Ok((true, until)) => mail.drop_kept((from.identity, of), (0, until), asker),
            Ok((false, _)) => answer(asker, Ok(())),
            Err(error) => {
                mail.failed(&error);
                answer(asker, Err(()));
            }
        };
        self.asked(self.store().write(Room::none(), remove, answer));
    }

    /// Drops what was published to a group out of a mailbox, from one position up to another, step by
    /// step.
    fn drop_kept(
        &self,
        (recipient, group): (Identity, Id),
        (from, until): (u64, u64),
        asker: Asker,
    ) {
        let (mail, mailbox) = (self.clone(), Id::from(recipient));
        let teller = self.clone();
        let drop_some = move |spool: &mut dyn Spool, _: &mut dyn Directory, _| {
            let mut entries = Vec::new();
            spool.read(mailbox, from, STEP, &mut entries)?;
            let next = entries.last().map(|entry| entry.position + 1);
            let next = next.filter(|next| *next < until);
            entries.retain(|entry| entry.group == Some(group) && entry.position < until);
            let of_group = entries.iter();
            let positions: Vec<_> = of_group.map(|entry| entry.position).collect();
            for range in ranges(&positions) {
                spool.acknowledge(mailbox, range)?;
            }
            teller.receipts().acknowledged(&positions);
            Ok::<_, StoreError>(next)
        };
        let dropped = move |next: Result<Result<Next, StoreError>, StoreError>| match next.flatten()
        {
            Ok(Some(next)) => mail.drop_kept((recipient, group), (next, until), asker),
            Ok(None) => answer(asker, Ok(())),
            Err(error) => {
                mail.failed(&error);
                answer(asker, Err(()));
            }
        };
        self.asked(self.store().write(Room::none(), drop_some, dropped));
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
