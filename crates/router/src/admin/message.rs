//! What is said on the admin socket.

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, decode, encode};
use tuyau_core::Address;
use tuyau_wire::{Identity, cbor};

use super::policy::{read_policy, write_policy};
use crate::{
    RowView, Source, Timestamp, View,
    policy::{Policy, Replaced},
};

/// What a client wants.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    /// The state, with some rows.
    View { first: usize, count: usize },
    /// A snapshot.
    Save,
    /// To replace the state by a snapshot.
    Restore(Vec<u8>),
    /// To read the access policy again.
    Reload,
    /// The access policy, as far as it says something of these identities.
    Policy(Vec<Identity>),
}

/// What the router answers.
#[derive(Debug, PartialEq)]
pub(super) enum Response {
    View(View),
    Snapshot(Vec<u8>),
    Restored,
    Failed(String),
    /// The policy was read again from what is known by this name.
    Reloaded(String, Replaced),
    /// The policy, and where it was read, if it was.
    Policy(Option<String>, Policy),
}

pub(super) type Written = Result<(), encode::Error<Infallible>>;
pub(super) type Read<T> = Result<T, decode::Error>;

/// The head of the frame of a message of this length.
pub(super) fn frame_head(length: usize) -> Vec<u8> {
    write(|encoder| encoder.bytes_len(length as u64)?.ok())
}

/// What an encoder writes into memory, which cannot fail.
fn write(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    if let Err(error) = write(&mut encoder) {
        unreachable!("encoding into memory failed: {error}");
    }
    encoder.into_writer()
}

impl Request {
    pub(super) fn encode(&self) -> Vec<u8> {
        write(|encoder| match self {
            Self::View { first, count } => encoder
                .array(3)?
                .u8(0)?
                .u64(*first as u64)?
                .u64(*count as u64)?
                .ok(),
            Self::Save => encoder.array(1)?.u8(1)?.ok(),
            Self::Restore(bytes) => encoder.array(2)?.u8(2)?.bytes(bytes)?.ok(),
            Self::Reload => encoder.array(1)?.u8(3)?.ok(),
            Self::Policy(about) => {
                encoder.array(2)?.u8(4)?.array(about.len() as u64)?;
                for identity in about {
                    encoder.bytes(identity.as_bytes())?;
                }
                Ok(())
            }
        })
    }

    pub(super) fn decode(bytes: &[u8]) -> Read<Self> {
        let mut decoder = checked(bytes)?;
        match (decoder.array()?, decoder.u8()?) {
            (Some(3), 0) => Ok(Self::View {
                first: size(decoder.u64()?),
                count: size(decoder.u64()?),
            }),
            (Some(1), 1) => Ok(Self::Save),
            (Some(2), 2) => Ok(Self::Restore(decoder.bytes()?.to_vec())),
            (Some(1), 3) => Ok(Self::Reload),
            (Some(2), 4) => Ok(Self::Policy(read_list(&mut decoder, read_identity)?)),
            _ => Err(decode::Error::message("an unknown request")),
        }
    }
}

impl Response {
    pub(super) fn encode(&self) -> Vec<u8> {
        write(|encoder| match self {
            Self::View(view) => write_view(encoder.array(2)?.u8(0)?, view),
            Self::Snapshot(bytes) => encoder.array(2)?.u8(1)?.bytes(bytes)?.ok(),
            Self::Restored => encoder.array(1)?.u8(2)?.ok(),
            Self::Failed(text) => encoder.array(2)?.u8(3)?.str(text)?.ok(),
            Self::Reloaded(name, replaced) => encoder
                .array(6)?
                .u8(4)?
                .str(name)?
                .bool(replaced.same)?
                .u64(replaced.registrations as u64)?
                .u64(replaced.handles as u64)?
                .u64(replaced.memberships as u64)?
                .ok(),
            Self::Policy(name, policy) => {
                encoder.array(3)?.u8(5)?.encode(name)?;
                write_policy(encoder, policy)
            }
        })
    }

    pub(super) fn decode(bytes: &[u8]) -> Read<Self> {
        let mut decoder = checked(bytes)?;
        match (decoder.array()?, decoder.u8()?) {
            (Some(2), 0) => read_view(&mut decoder).map(Self::View),
            (Some(2), 1) => Ok(Self::Snapshot(decoder.bytes()?.to_vec())),
            (Some(1), 2) => Ok(Self::Restored),
            (Some(2), 3) => Ok(Self::Failed(decoder.str()?.to_owned())),
            (Some(6), 4) => Ok(Self::Reloaded(
                decoder.str()?.to_owned(),
                Replaced {
                    same: decoder.bool()?,
                    registrations: size(decoder.u64()?),
                    handles: size(decoder.u64()?),
                    memberships: size(decoder.u64()?),
                },
            )),
            (Some(3), 5) => Ok(Self::Policy(decoder.decode()?, read_policy(&mut decoder)?)),
            _ => Err(decode::Error::message("an unknown response")),
        }
    }
}

/// A decoder of exactly one data item, in deterministic encoding.
fn checked(bytes: &[u8]) -> Read<Decoder<'_>> {
    cbor::check(bytes).map_err(decode::Error::message)?;
    Ok(Decoder::new(bytes))
}

/// Asserts what must hold of any bytes: they are refused, or one message in its one encoding. For
/// the fuzz target `admin`.
#[cfg(fuzzing)]
pub fn assert_decodes_soundly(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(request.encode(), bytes);
    }
    if let Ok(response) = Response::decode(bytes) {
        assert_eq!(Response::decode(&response.encode()).ok(), Some(response));
    }
}

fn write_view(encoder: &mut Encoder<Vec<u8>>, view: &View) -> Written {
    encoder.array(6)?.bytes(view.identity.as_bytes())?;
    write_addresses(encoder, &view.listen)?;
    encoder
        .u64(view.started.millis())?
        .u64(view.processed)?
        .u64(view.total as u64)?;
    encoder.array(view.rows.len() as u64)?;
    for row in &view.rows {
        encoder.array(6)?.bytes(row.identity.as_bytes())?;
        write_addresses(encoder, &row.routes)?;
        encoder.str(row.source.name())?.u64(row.since.millis())?;
        encoder.encode(row.expires)?.bool(row.connected)?;
    }
    Ok(())
}

fn read_view(decoder: &mut Decoder<'_>) -> Read<View> {
    read_array(decoder, 6)?;
    let (identity, listen) = (read_identity(decoder)?, read_addresses(decoder)?);
    let (started, processed) = (Timestamp::from_millis(decoder.u64()?), decoder.u64()?);
    let total = size(decoder.u64()?);
    let rows = read_list(decoder, read_row)?;
    Ok(View {
        identity,
        listen,
        started,
        processed,
        total,
        rows,
    })
}

fn read_row(decoder: &mut Decoder<'_>) -> Read<RowView> {
    read_array(decoder, 6)?;
    Ok(RowView {
        identity: read_identity(decoder)?,
        routes: read_addresses(decoder)?,
        source: read_source(decoder)?,
        since: Timestamp::from_millis(decoder.u64()?),
        expires: decoder.decode()?,
        connected: decoder.bool()?,
    })
}

pub(super) fn read_array(decoder: &mut Decoder<'_>, length: u64) -> Read<()> {
    match decoder.array()? {
        Some(found) if found == length => Ok(()),
        _ => Err(decode::Error::message("an array of another length")),
    }
}

fn read_source(decoder: &mut Decoder<'_>) -> Read<Source> {
    let name = decoder.str()?;
    let all = [Source::Static, Source::Registered, Source::Simulated];
    let found = all.into_iter().find(|source| source.name() == name);
    found.ok_or_else(|| decode::Error::message("an unknown source"))
}

/// A list of what `read` reads.
pub(super) fn read_list<T>(
    decoder: &mut Decoder<'_>,
    read: impl Fn(&mut Decoder<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let count = decoder.array()?.unwrap_or_default();
    (0..count).map(|_| read(decoder)).collect()
}

pub(super) fn read_identity(decoder: &mut Decoder<'_>) -> Read<Identity> {
    let bytes = decoder
        .bytes()?
        .try_into()
        .map_err(|_| decode::Error::message("32 bytes"))?;
    Identity::from_bytes(bytes).map_err(decode::Error::message)
}

fn write_addresses(encoder: &mut Encoder<Vec<u8>>, addresses: &[Address]) -> Written {
    encoder.array(addresses.len() as u64)?;
    for address in addresses {
        encoder.str(&address.to_string())?;
    }
    Ok(())
}

fn read_addresses(decoder: &mut Decoder<'_>) -> Read<Vec<Address>> {
    let count = decoder.array()?.unwrap_or_default();
    (0..count)
        .map(|_| decoder.str()?.parse().map_err(decode::Error::message))
        .collect()
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::{Action, Effect, KeySet, Party, Rule, RulePlace};
    use tuyau_wire::SecretKey;

    /// A policy with everything that a rule can have.
    fn policy(identity: Identity) -> Policy {
        let file: Arc<str> = "policy.yaml".into();
        let at = |line| RulePlace {
            file: file.clone(),
            line,
        };
        let set = Arc::new(KeySet::new("some", [identity]).at(at(2)));
        let none = Arc::new(KeySet::new("none", []));
        let some = Rule::new(Effect::Allow, Action::ALL, [Party::Set(set)])
            .named("ours")
            .at(at(4))
            .towards([Party::Identity(identity), Party::Set(none)]);
        let all = Rule::new(Effect::Deny, [Action::Listen], [Party::Everyone]);
        Policy::new(Effect::Allow, vec![some, all])
    }

    #[test]
    fn reads_what_it_wrote() {
        for request in [
            Request::View { first: 3, count: 9 },
            Request::Save,
            Request::Restore(vec![1]),
            Request::Reload,
            Request::Policy(vec![SecretKey::from_seed([1; 32]).identity()]),
        ] {
            assert_eq!(Request::decode(&request.encode()).unwrap(), request);
        }
        let identity = SecretKey::from_seed([1; 32]).identity();
        let routes = vec!["tls://127.0.0.1:1".parse().unwrap()];
        let since = Timestamp::from_millis(5);
        let row = RowView {
            identity,
            routes: routes.clone(),
            source: Source::Registered,
            since,
            expires: Some(9),
            connected: true,
        };
        let rows = vec![row];
        let view = View {
            identity,
            listen: routes,
            started: since,
            processed: 4,
            total: 7,
            rows,
        };
        let responses = [
            Response::View(view),
            Response::Snapshot(vec![1, 2]),
            Response::Restored,
            Response::Failed("no".into()),
            Response::Reloaded(
                "policy.yaml".into(),
                Replaced {
                    same: false,
                    registrations: 1,
                    handles: 2,
                    memberships: 3,
                },
            ),
            Response::Policy(None, Policy::allow_all()),
            Response::Policy(Some("policy.yaml".into()), policy(identity)),
        ];
        for response in responses {
            assert_eq!(Response::decode(&response.encode()).unwrap(), response);
        }
    }
}
