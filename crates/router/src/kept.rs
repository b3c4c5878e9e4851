//! What of the state is kept in the store's directory, and how.
//!
//! A registration is an item `[record: bstr, signature: bstr, simulated: bool, since: uint]` in
//! deterministic CBOR, with the time in milliseconds since 1970; a withdrawal has no bytes. The rules
//! of a group are `[rules: bstr, signature: bstr]`. The directory's checksums guard the bytes, so
//! that signatures and keys are verified when they come in and not again when they are read.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc};

use minicbor::{Decoder, Encoder, encode};
use tuyau_wire::{Identity, Record, Rules, Signed};

use crate::{
    State, Table, Timestamp,
    store::{Directory, Id, Item, Put, StoreError, Subject},
    table::{Claim, Source},
};

/// The counter of the messages that were processed.
pub(crate) const PROCESSED: &str = "processed";

/// How many items are read at a time.
const AT_ONCE: usize = 1024;

/// Something of the state that is kept by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {
    /// What an identity said of its routes.
    Claim(Identity),
    /// The rules of a group.
    Rules(Identity),
}

/// Something of the directory that is put there or removed.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Item),
    Remove(Subject),
}

impl Kept {
    /// What the directory is to have of it by a state.
    pub(crate) fn change(self, state: &State) -> Change {
        match self {
            Self::Claim(identity) => match state.table.claim(&identity) {
                Some(claim) => Change::Put(claim_item(&identity, claim)),
                None => Change::Remove(Subject::Registration(identity.into())),
            },
            Self::Rules(group) => match state.groups.get(&group) {
                Some(rules) => Change::Put(rules_item(rules)),
                None => Change::Remove(Subject::Group(group.into())),
            },
        }
    }
}

impl Change {
    /// Makes it so, whatever was there.
    pub(crate) fn apply(self, directory: &mut dyn Directory) -> Result<(), StoreError> {
        match self {
            Self::Put(item) => {
                // A state that was restored, or a claim that ended, may have left a newer one.
                if let Put::Stale { .. } = directory.put(item.clone())? {
                    directory.remove(item.subject)?;
                    directory.put(item)?;
                }
            }
            Self::Remove(subject) => {
                directory.remove(subject)?;
            }
        }
        Ok(())
    }
}

/// All that is kept of a state, but for the counter.
pub(crate) fn items(state: &State) -> Vec<Item> {
    let claims = state.table.entries();
    let claims = claims.filter_map(|(identity, entry)| {
        let claim = entry.claim.as_ref()?;
        Some(claim_item(identity, claim))
    });
    claims
        .chain(state.groups.values().map(rules_item))
        .collect()
}

/// Puts a whole state in the place of the one that is kept; what else is in the directory stays.
pub(crate) fn replace(
    directory: &mut dyn Directory,
    items: Vec<Item>,
    processed: u64,
) -> Result<(), StoreError> {
    let subjects: BTreeSet<_> = items.iter().map(|item| item.subject).collect();
    let (mut gone, mut after) = (Vec::new(), None);
    while let Some(known) = next(directory, after) {
        let known = known.iter().map(|item| item.subject);
        let known = known.inspect(|subject| after = Some(*subject));
        gone.extend(known.filter(|subject| is_state(subject) && !subjects.contains(subject)));
    }
    let gone = gone.into_iter().map(Change::Remove);
    for change in gone.chain(items.into_iter().map(Change::Put)) {
        change.apply(directory)?;
    }
    directory.set_counter(PROCESSED, processed)
}

/// The state that is kept, and what of it cannot be read although its checksum fits.
pub(crate) fn load(directory: &dyn Directory) -> (State, Vec<Subject>) {
    let mut state = State {
        processed: directory.counter(PROCESSED),
        ..State::default()
    };
    let (mut claims, mut unreadable, mut after) = (Vec::new(), Vec::new(), None);
    while let Some(items) = next(directory, after) {
        after = items.last().map(|item| item.subject);
        for item in &items {
            let taken = match item.subject {
                Subject::Registration(id) => read_claim(id, item).map(|claim| claims.push(claim)),
                Subject::Group(id) => read_rules(id, item)
                    .map(|(group, rules)| drop(state.groups.insert(group, rules))),
                _ => Some(()),
            };
            if taken.is_none() {
                unreadable.push(item.subject);
            }
        }
    }
    state.table = Table::of_claims(claims);
    (state, unreadable)
}

fn next(directory: &dyn Directory, after: Option<Subject>) -> Option<Vec<Item>> {
    let items = directory.items(after, AT_ONCE);
    let last = items.first().is_none_or(|item| !is_state(&item.subject));
    (!last).then_some(items)
}

/// Registrations and rules stand before everything else.
fn is_state(subject: &Subject) -> bool {
    matches!(subject, Subject::Registration(_) | Subject::Group(_))
}

fn read_rules(id: Id, item: &Item) -> Option<(Identity, Signed<Rules>)> {
    let mut decoder = Decoder::new(&item.bytes);
    let rules = read_signed::<Rules>(&mut decoder, 2)?;
    let group = rules.claims().group;
    let fits = Id::from(group) == id && decoder.position() == item.bytes.len();
    fits.then_some((group, rules))
}

/// What an item says, when its content fits what it is about.
fn read_claim(id: Id, item: &Item) -> Option<(Identity, Claim)> {
    let (sequence, expires) = (item.sequence, item.expires.seconds());
    if item.withdrawn {
        let withdrawn = Claim::Withdrawn { sequence, expires };
        return Some((id.identity().ok()?, withdrawn));
    }
    let mut decoder = Decoder::new(&item.bytes);
    let record = read_signed::<Record>(&mut decoder, 4)?;
    let simulated = decoder.bool().ok()?;
    let since = Timestamp::from_millis(decoder.u64().ok()?);
    let claims = record.claims();
    let fits = Id::from(claims.identity) == id && claims.sequence == sequence;
    if !fits || decoder.position() != item.bytes.len() {
        return None;
    }
    let source = if simulated {
        Source::Simulated
    } else {
        Source::Registered
    };
    let identity = claims.identity;
    let claim = Claim::Registered {
        record,
        source,
        since,
    };
    Some((identity, claim))
}

fn read_signed<T: tuyau_wire::Statement>(
    decoder: &mut Decoder<'_>,
    length: u64,
) -> Option<Signed<T>> {
    if decoder.array().ok()? != Some(length) {
        return None;
    }
    let bytes = decoder.bytes().ok()?;
    let signature = decoder.bytes().ok()?.try_into().ok()?;
    Signed::from_kept_parts(bytes, signature).ok()
}

fn claim_item(identity: &Identity, claim: &Claim) -> Item {
    let bytes = match claim {
        Claim::Registered {
            record,
            source,
            since,
        } => encoded(|encoder| {
            encoder.array(4)?;
            encoder.bytes(record.bytes())?.bytes(record.signature())?;
            encoder.bool(*source == Source::Simulated)?;
            encoder.u64(since.millis())?.ok()
        }),
        Claim::Withdrawn { .. } => Arc::default(),
    };
    Item {
        subject: Subject::Registration((*identity).into()),
        sequence: claim.sequence(),
        expires: Timestamp::from_millis(claim.expires().saturating_mul(1000)),
        withdrawn: matches!(claim, Claim::Withdrawn { .. }),
        bytes,
    }
}

fn rules_item(rules: &Signed<Rules>) -> Item {
    Item {
        subject: Subject::Group(rules.claims().group.into()),
        sequence: rules.claims().sequence,
        expires: Timestamp::from_millis(u64::MAX),
        withdrawn: false,
        bytes: encoded(|encoder| {
            encoder.array(2)?;
            encoder.bytes(rules.bytes())?.bytes(rules.signature())?.ok()
        }),
    }
}

fn encoded(
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), encode::Error<Infallible>>,
) -> Arc<[u8]> {
    let mut encoder = Encoder::new(Vec::new());
    match write(&mut encoder) {
        Ok(()) => encoder.into_writer().into(),
        Err(error) => unreachable!("encoding into memory failed: {error}"),
    }
}

#[cfg(test)]
mod tests;
