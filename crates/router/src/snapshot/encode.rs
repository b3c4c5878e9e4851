//! From a state to the bytes of a snapshot.

use std::convert::Infallible;

use minicbor::{Encoder, encode::Error};
use tuyau_core::Address;
use tuyau_wire::Identity;

use super::{MAGIC, VERSION, claim};
use crate::{
    State,
    table::{Claim, Entry, Source},
};

type Written = Result<(), Error<Infallible>>;

/// The snapshot of a state.
pub fn encode(state: &State) -> Vec<u8> {
    let mut out = Vec::new();
    let entries = state.table.entries();
    item(&mut out, |encoder| {
        encoder
            .array(5)?
            .str(MAGIC)?
            .u64(VERSION)?
            .u64(state.processed)?
            .u64(entries.len() as u64)?
            .u64(state.groups.len() as u64)?
            .ok()
    });
    for (identity, entry) in entries {
        item(&mut out, |encoder| write_entry(encoder, identity, entry));
    }
    for rules in state.groups.values() {
        item(&mut out, |encoder| {
            encoder
                .array(2)?
                .bytes(rules.bytes())?
                .bytes(rules.signature())?
                .ok()
        });
    }
    out
}

/// Appends one item: its payload as a byte string, and the checksum of that.
fn item(out: &mut Vec<u8>, write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) {
    let mut payload = Encoder::new(Vec::new());
    let Ok(()) = infallible(write(&mut payload));
    let payload = payload.into_writer();
    let crc = crc32fast::hash(&payload);
    let mut encoder = Encoder::new(out);
    let Ok(()) = infallible((|| encoder.array(2)?.bytes(&payload)?.u32(crc)?.ok())());
}

/// Writing to memory cannot fail, and the encoder fails for no other reason.
fn infallible(written: Written) -> Result<(), Infallible> {
    match written {
        Ok(()) => Ok(()),
        Err(error) => unreachable!("encoding into memory failed: {error}"),
    }
}

fn write_entry(encoder: &mut Encoder<Vec<u8>>, identity: &Identity, entry: &Entry) -> Written {
    encoder.array(3)?.bytes(identity.as_bytes())?;
    match &entry.fixed {
        None => encoder.null()?,
        Some(fixed) => {
            encoder.array(2)?.u64(fixed.since.millis())?;
            write_routes(encoder, &fixed.routes)?
        }
    };
    match &entry.claim {
        None => encoder.null()?,
        Some(Claim::Registered {
            record,
            source,
            since,
        }) => {
            encoder.array(5)?.u64(claim::REGISTERED)?;
            encoder.bytes(record.bytes())?.bytes(record.signature())?;
            encoder
                .bool(*source == Source::Simulated)?
                .u64(since.millis())?
        }
        Some(Claim::Withdrawn { sequence, expires }) => encoder
            .array(3)?
            .u64(claim::WITHDRAWN)?
            .u64(*sequence)?
            .u64(*expires)?,
    };
    Ok(())
}

fn write_routes<'a>(
    encoder: &'a mut Encoder<Vec<u8>>,
    routes: &[Address],
) -> Result<&'a mut Encoder<Vec<u8>>, Error<Infallible>> {
    encoder.array(routes.len() as u64)?;
    for route in routes {
        encoder.str(&route.to_string())?;
    }
    Ok(encoder)
}
