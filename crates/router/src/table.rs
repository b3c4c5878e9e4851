//! The routing table: which identity can be reached where.

use std::collections::{BTreeMap, BTreeSet};

use tuyau_core::Address;
use tuyau_wire::{Identity, Record, Signed, Verified, Withdrawal};

use crate::Timestamp;

/// The routing table, sorted by identity.
///
/// An identity can have a *static* entry, from the configuration, and a *claim* of its own: a
/// registration, or a withdrawal that is remembered so that an older registration does not come
/// back. A registration stands before a static entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    entries: BTreeMap<Identity, Entry>,
    /// When each claim ends, in seconds since the begin of 1970.
    expiries: BTreeSet<(u64, Identity)>,
    rows: usize,
}

/// What the table keeps of one identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) fixed: Option<Fixed>,
    pub(crate) claim: Option<Claim>,
}

/// A static entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) routes: Vec<Address>,
    pub(crate) since: Timestamp,
}

/// The newest statement of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Registered {
        record: Signed<Record>,
        source: Source,
        since: Timestamp,
    },
    Withdrawn {
        sequence: u64,
        expires: u64,
    },
}

/// Where a row of the table comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The configuration.
    Static,
    /// A registration over the network.
    Registered,
    /// A registration of a simulated service of the demo.
    Simulated,
}

impl Source {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Registered => "registered",
            Self::Simulated => "simulated",
        }
    }
}

/// One row: an identity that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Who can be reached.
    pub identity: Identity,
    /// Where, best first.
    pub routes: &'a [Address],
    /// Where the row comes from.
    pub source: Source,
    /// Since when it has been as it is.
    pub since: Timestamp,
    /// Until when it holds, in seconds since the begin of 1970; static rows do not end.
    pub expires: Option<u64>,
}

/// Why the table did not take a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A statement with this sequence number is known already.
    Stale { known: u64 },
    /// The table has as many entries as it may.
    Full,
}

impl Claim {
    pub(crate) fn sequence(&self) -> u64 {
        match self {
            Self::Registered { record, .. } => record.claims().sequence,
            Self::Withdrawn { sequence, .. } => *sequence,
        }
    }

    pub(crate) fn expires(&self) -> u64 {
        match self {
            Self::Registered { record, .. } => record.claims().expires,
            Self::Withdrawn { expires, .. } => *expires,
        }
    }
}

impl Entry {
    fn row(&self, identity: Identity) -> Option<Row<'_>> {
        match (&self.claim, &self.fixed) {
            (
                Some(Claim::Registered {
                    record,
                    source,
                    since,
                }),
                _,
            ) => {
                let Record {
                    routes, expires, ..
                } = record.claims();
                let (source, since, expires) = (*source, *since, Some(*expires));
                Some(Row {
                    identity,
                    routes,
                    source,
                    since,
                    expires,
                })
            }
            (_, Some(Fixed { routes, since })) => {
                let (source, since) = (Source::Static, *since);
                Some(Row {
                    identity,
                    routes,
                    source,
                    since,
                    expires: None,
                })
            }
            _ => None,
        }
    }
}

impl Table {
    /// The table with these statements; sorted by identity they take the least time.
    pub(crate) fn of_claims(claims: Vec<(Identity, Claim)>) -> Self {
        let ends = claims.iter();
        let expiries = ends.map(|(identity, claim)| (claim.expires(), *identity));
        let expiries = expiries.collect();
        let entries = claims.into_iter().map(|(identity, claim)| {
            let (fixed, claim) = (None, Some(claim));
            (identity, Entry { fixed, claim })
        });
        let entries: BTreeMap<_, _> = entries.collect();
        let rows = entries.iter();
        let rows = rows.filter(|(identity, entry)| entry.row(**identity).is_some());
        Self {
            rows: rows.count(),
            entries,
            expiries,
        }
    }

    /// How many identities can be reached.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether no identity can be reached.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The row of an identity.
    pub fn get(&self, identity: &Identity) -> Option<Row<'_>> {
        self.entries.get(identity)?.row(*identity)
    }

    /// What an identity has signed about its routes.
    pub(crate) fn record(&self, identity: &Identity) -> Option<&Signed<Record>> {
        match self.entries.get(identity)?.claim.as_ref()? {
            Claim::Registered { record, .. } => Some(record),
            Claim::Withdrawn { .. } => None,
        }
    }

    /// What an identity has stated last, if that still counts.
    pub(crate) fn claim(&self, identity: &Identity) -> Option<&Claim> {
        self.entries.get(identity)?.claim.as_ref()
    }

    /// All rows, sorted by identity.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.entries
            .iter()
            .filter_map(|(identity, entry)| entry.row(*identity))
    }

    /// Replaces all static rows. A row whose routes stay the same keeps its age.
    pub fn set_static(&mut self, routes: &[(Identity, Vec<Address>)], now: Timestamp) {
        let mut before = BTreeMap::new();
        let fixed = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.fixed.is_some());
        for identity in fixed.map(|(identity, _)| *identity).collect::<Vec<_>>() {
            self.change(identity, |entry| {
                before.extend(entry.fixed.take().map(|fixed| (identity, fixed)));
            });
        }
        for (identity, routes) in routes {
            let kept = before
                .remove(identity)
                .filter(|fixed| fixed.routes == *routes);
            let fixed = kept.unwrap_or_else(|| Fixed {
                routes: routes.clone(),
                since: now,
            });
            self.change(*identity, |entry| entry.fixed = Some(fixed));
        }
    }

    /// Takes a registration, and gives whether it changed the routes.
    ///
    /// A record that is known already, byte for byte, is accepted again: its sender may have
    /// missed the answer.
    pub(crate) fn register(
        &mut self,
        record: Verified<Record>,
        source: Source,
        now: Timestamp,
        limit: usize,
    ) -> Result<bool, Refusal> {
        let entry = self.entries.get(&record.identity);
        let before = entry.and_then(|entry| entry.row(record.identity));
        let changed = before
            .as_ref()
            .is_none_or(|row| row.routes != record.routes);
        match entry.and_then(|entry| entry.claim.as_ref()) {
            Some(Claim::Registered { record: known, .. }) if known == record.signed() => {
                return Ok(false);
            }
            Some(claim) if record.sequence <= claim.sequence() => {
                return Err(Refusal::Stale {
                    known: claim.sequence(),
                });
            }
            _ => {}
        }
        // Static rows of an identity without a claim are there already; they do not make room for
        // more claims than there may be entries, which a restart would then refuse.
        let claimed = entry.is_some_and(|entry| entry.claim.is_some());
        let full = entry.is_none() && self.entries.len() >= limit;
        if full || !claimed && self.claims() >= limit {
            return Err(Refusal::Full);
        }
        let since = if changed {
            now
        } else {
            before.map_or(now, |row| row.since)
        };
        let identity = record.identity;
        let record = record.into_signed();
        self.change(identity, |entry| {
            entry.claim = Some(Claim::Registered {
                record,
                source,
                since,
            });
        });
        Ok(changed)
    }

    /// Takes a withdrawal, and gives whether it removed a registration.
    ///
    /// It is remembered for as long as the registration that it takes back would have held.
    pub(crate) fn withdraw(&mut self, withdrawal: &Verified<Withdrawal>) -> Result<bool, Refusal> {
        let (identity, sequence) = (withdrawal.identity, withdrawal.sequence);
        let Some(claim) = self
            .entries
            .get(&identity)
            .and_then(|entry| entry.claim.as_ref())
        else {
            return Ok(false);
        };
        if sequence <= claim.sequence() {
            return Err(Refusal::Stale {
                known: claim.sequence(),
            });
        }
        let registered = matches!(claim, Claim::Registered { .. });
        let expires = claim.expires();
        self.change(identity, |entry| {
            entry.claim = Some(Claim::Withdrawn { sequence, expires })
        });
        Ok(registered)
    }

    /// Removes every claim that ended by now, and gives the identities that lost a registration.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Identity> {
        let mut lost = Vec::new();
        while let Some(&(expires, identity)) = self.expiries.first() {
            if expires > now.seconds() {
                break;
            }
            self.change(identity, |entry| {
                if let Some(Claim::Registered { .. }) = entry.claim.take() {
                    lost.push(identity);
                }
            });
        }
        lost
    }

    /// Removes what an identity said of its routes.
    pub(crate) fn revoke(&mut self, identity: &Identity) {
        self.change(*identity, |entry| entry.claim = None);
    }

    /// How many identities made a statement that still counts.
    pub(crate) fn claims(&self) -> usize {
        self.expiries.len()
    }

    /// Everything that is kept, for a snapshot.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = (&Identity, &Entry)> {
        self.entries.iter()
    }

    /// Puts an entry of a snapshot back.
    pub(crate) fn insert(&mut self, identity: Identity, restored: Entry) {
        self.change(identity, |entry| *entry = restored);
    }

    /// Changes one entry, and keeps the count of rows and the order of expiries in step.
    fn change(&mut self, identity: Identity, change: impl FnOnce(&mut Entry)) {
        let entry = self.entries.entry(identity).or_default();
        self.rows -= usize::from(entry.row(identity).is_some());
        if let Some(claim) = &entry.claim {
            self.expiries.remove(&(claim.expires(), identity));
        }
        change(entry);
        self.rows += usize::from(entry.row(identity).is_some());
        if let Some(claim) = &entry.claim {
            self.expiries.insert((claim.expires(), identity));
        }
        if *entry == Entry::default() {
            self.entries.remove(&identity);
        }
    }
}

#[cfg(test)]
mod tests;
