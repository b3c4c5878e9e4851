//! From the bytes of a snapshot to a state.

use minicbor::{Decoder, data::Type};
use tuyau_core::{Address, BoxError};
use tuyau_wire::{Identity, MAX_ROUTES, Record, Rules, Signed, Statement, cbor};

use super::{MAGIC, SnapshotError, SnapshotErrorKind as Kind, VERSION, WITHOUT_GROUPS, claim};
use crate::{
    State, Timestamp,
    table::{Claim, Entry, Fixed, Source},
};

/// Reads a snapshot, verifies the checksum of each item and the signatures of registrations and of
/// the rules of groups.
///
/// # Errors
/// When anything is not as it was saved, with the place.
pub fn decode(bytes: &[u8]) -> Result<State, SnapshotError> {
    decode_within(bytes, usize::MAX)
}

/// Like [`decode`], and refuses more than `limit` entries, or groups, before it reads one.
pub(crate) fn decode_within(bytes: &[u8], limit: usize) -> Result<State, SnapshotError> {
    let mut items = Items {
        bytes,
        offset: 0,
        number: 0,
    };
    let header = items.next(|payload| read_header(payload, limit))?;
    let mut state = State {
        processed: header.processed,
        ..State::default()
    };
    let mut last = None;
    for _ in 0..header.entries {
        let (identity, entry) = items.next(|payload| read_entry(payload, last))?;
        last = Some(identity);
        state.table.insert(identity, entry);
    }
    for _ in 0..header.groups {
        let last = state.groups.last_key_value().map(|(group, _)| *group);
        let rules = items.next(|payload| read_rules(payload, last))?;
        state.groups.insert(rules.claims().group, rules);
    }
    if items.offset < bytes.len() {
        return Err(items.error(Kind::Trailing, None));
    }
    Ok(state)
}

/// Why the payload of an item was refused.
struct Refused(Kind, Option<BoxError>);

impl<E: Into<BoxError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(Kind::Malformed, Some(error.into()))
    }
}

struct Items<'a> {
    bytes: &'a [u8],
    offset: usize,
    number: usize,
}

impl<'a> Items<'a> {
    /// Reads the next item with `read`, which is given its payload.
    fn next<T>(
        &mut self,
        read: impl FnOnce(&'a [u8]) -> Result<T, Refused>,
    ) -> Result<T, SnapshotError> {
        let rest = &self.bytes[self.offset..];
        let mut decoder = Decoder::new(rest);
        let (payload, crc) = split(&mut decoder).map_err(|error| {
            let kind = match (error.is_end_of_input(), self.number) {
                (true, _) => Kind::Truncated,
                (false, 0) => Kind::NotASnapshot,
                (false, _) => Kind::Malformed,
            };
            self.error(kind, Some(error.into()))
        })?;
        let length = decoder.position();
        if crc32fast::hash(payload) != crc {
            return Err(self.error(Kind::Checksum, None));
        }
        let value = cbor::check(payload)
            .map_err(Refused::from)
            .and_then(|()| read(payload));
        let value = value.map_err(|Refused(kind, source)| self.error(kind, source))?;
        cbor::check(&rest[..length])
            .map_err(|error| self.error(Kind::Malformed, Some(error.into())))?;
        self.offset += length;
        self.number += 1;
        Ok(value)
    }

    fn error(&self, kind: Kind, source: Option<BoxError>) -> SnapshotError {
        SnapshotError {
            offset: self.offset,
            item: self.number,
            kind,
            source,
        }
    }
}

fn split<'a>(decoder: &mut Decoder<'a>) -> Result<(&'a [u8], u32), minicbor::decode::Error> {
    expect_array(decoder, 2)?;
    Ok((decoder.bytes()?, decoder.u32()?))
}

fn expect_array(decoder: &mut Decoder<'_>, length: u64) -> Result<(), minicbor::decode::Error> {
    let at = decoder.position();
    if decoder.array()? == Some(length) {
        return Ok(());
    }
    Err(minicbor::decode::Error::message("an array of another length").at(at))
}

/// What the first item says.
struct Header {
    processed: u64,
    entries: u64,
    groups: u64,
}

fn read_header(payload: &[u8], limit: usize) -> Result<Header, Refused> {
    let mut decoder = Decoder::new(payload);
    let begin = (|| {
        decoder.array()?;
        Ok((decoder.str()?, decoder.u64()?))
    })();
    let version = match begin {
        Ok((MAGIC, version @ WITHOUT_GROUPS..=VERSION)) => version,
        Ok((MAGIC, found)) => return Err(Refused(Kind::Version { found }, None)),
        Ok(_) => return Err(Refused(Kind::NotASnapshot, None)),
        Err(error) => {
            let error: minicbor::decode::Error = error;
            return Err(Refused(Kind::NotASnapshot, Some(error.into())));
        }
    };
    let (processed, entries) = (decoder.u64()?, decoder.u64()?);
    let groups = match version {
        WITHOUT_GROUPS => 0,
        _ => decoder.u64()?,
    };
    expect_end(&decoder, payload)?;
    if entries > limit as u64 {
        let found = entries;
        return Err(Refused(Kind::TooManyEntries { found, limit }, None));
    }
    if groups > limit as u64 {
        let found = groups;
        return Err(Refused(Kind::TooManyGroups { found, limit }, None));
    }
    Ok(Header {
        processed,
        entries,
        groups,
    })
}

fn expect_end(decoder: &Decoder<'_>, payload: &[u8]) -> Result<(), Refused> {
    if decoder.position() == payload.len() {
        return Ok(());
    }
    Err("more elements than expected".into())
}

fn read_entry(payload: &[u8], last: Option<Identity>) -> Result<(Identity, Entry), Refused> {
    let mut decoder = Decoder::new(payload);
    expect_array(&mut decoder, 3)?;
    let identity = Identity::from_bytes(decoder.bytes()?.try_into()?)?;
    if last.is_some_and(|last| last >= identity) {
        return Err("entries are not sorted by identity".into());
    }
    let fixed = optional(&mut decoder, read_fixed)?;
    let claim = optional(&mut decoder, |decoder| read_claim(decoder, identity))?;
    expect_end(&decoder, payload)?;
    if fixed.is_none() && claim.is_none() {
        return Err("an entry with nothing in it".into());
    }
    Ok((identity, Entry { fixed, claim }))
}

fn optional<'a, T>(
    decoder: &mut Decoder<'a>,
    read: impl FnOnce(&mut Decoder<'a>) -> Result<T, Refused>,
) -> Result<Option<T>, Refused> {
    if decoder.datatype()? == Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    read(decoder).map(Some)
}

fn read_fixed(decoder: &mut Decoder<'_>) -> Result<Fixed, Refused> {
    expect_array(decoder, 2)?;
    let since = Timestamp::from_millis(decoder.u64()?);
    let count = decoder.array()?.unwrap_or_default();
    if !(1..=MAX_ROUTES as u64).contains(&count) {
        return Err("an entry has 1 to 8 routes".into());
    }
    let routes = (0..count).map(|_| Ok(decoder.str()?.parse::<Address>()?));
    let routes = routes.collect::<Result<_, Refused>>()?;
    Ok(Fixed { routes, since })
}

fn read_claim(decoder: &mut Decoder<'_>, identity: Identity) -> Result<Claim, Refused> {
    let length = decoder.array()?.unwrap_or_default();
    match (decoder.u64()?, length) {
        (claim::REGISTERED, 5) => {
            let record =
                Signed::<Record>::from_parts(decoder.bytes()?, decoder.bytes()?.try_into()?)?;
            if record.claims().identity != identity {
                return Err("a record of another identity".into());
            }
            let source = if decoder.bool()? {
                Source::Simulated
            } else {
                Source::Registered
            };
            let since = Timestamp::from_millis(decoder.u64()?);
            Ok(Claim::Registered {
                record: verify(record)?,
                source,
                since,
            })
        }
        (claim::WITHDRAWN, 3) => Ok(Claim::Withdrawn {
            sequence: decoder.u64()?,
            expires: decoder.u64()?,
        }),
        _ => Err("an unknown kind of claim".into()),
    }
}

fn read_rules(payload: &[u8], last: Option<Identity>) -> Result<Signed<Rules>, Refused> {
    let mut decoder = Decoder::new(payload);
    expect_array(&mut decoder, 2)?;
    let rules = Signed::<Rules>::from_parts(decoder.bytes()?, decoder.bytes()?.try_into()?)?;
    expect_end(&decoder, payload)?;
    if last.is_some_and(|last| last >= rules.claims().group) {
        return Err("rules are not sorted by group".into());
    }
    verify(rules)
}

fn verify<T: Statement>(statement: Signed<T>) -> Result<Signed<T>, Refused> {
    match statement.verify() {
        Ok(verified) => Ok(verified.into_signed()),
        Err(error) => Err(Refused(Kind::Signature, Some(error.into()))),
    }
}
