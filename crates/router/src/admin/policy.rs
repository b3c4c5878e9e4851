//! An access policy on the admin socket.

use std::sync::Arc;

use minicbor::{Decoder, Encoder, decode};

use super::message::{Read, Written, read_array, read_identity, read_list};
use crate::policy::{Action, Effect, KeySet, Party, Policy, Rule, RulePlace};

pub(super) fn write_policy(encoder: &mut Encoder<Vec<u8>>, policy: &Policy) -> Written {
    encoder
        .array(2)?
        .bool(policy.default_effect().allows())?
        .array(policy.rules().len() as u64)?;
    for rule in policy.rules() {
        encoder.array(6)?.encode(rule.name())?;
        write_place(encoder, rule.place())?;
        encoder
            .bool(rule.effect().allows())?
            .array(rule.actions().len() as u64)?;
        for action in rule.actions() {
            encoder.str(action.name())?;
        }
        write_parties(encoder, rule.who())?;
        write_parties(encoder, rule.to())?;
    }
    Ok(())
}

fn write_place(encoder: &mut Encoder<Vec<u8>>, place: Option<&RulePlace>) -> Written {
    match place {
        Some(place) => encoder
            .array(2)?
            .str(&place.file)?
            .u64(place.line as u64)?
            .ok(),
        None => encoder.null()?.ok(),
    }
}

fn write_parties(encoder: &mut Encoder<Vec<u8>>, parties: &[Party]) -> Written {
    encoder.array(parties.len() as u64)?;
    for party in parties {
        match party {
            Party::Everyone => encoder.array(0)?.ok()?,
            Party::Identity(identity) => encoder.array(1)?.bytes(identity.as_bytes())?.ok()?,
            Party::Set(set) => write_set(encoder.array(3)?, set)?,
        }
    }
    Ok(())
}

fn write_set(encoder: &mut Encoder<Vec<u8>>, set: &KeySet) -> Written {
    write_place(encoder.str(set.name())?, set.place())?;
    let mut members: Vec<_> = set.iter().collect();
    members.sort();
    encoder.array(members.len() as u64)?;
    for member in members {
        encoder.bytes(member.as_bytes())?;
    }
    Ok(())
}

pub(super) fn read_policy(decoder: &mut Decoder<'_>) -> Read<Policy> {
    read_array(decoder, 2)?;
    let default = read_effect(decoder)?;
    Ok(Policy::new(default, read_list(decoder, read_rule)?))
}

fn read_rule(decoder: &mut Decoder<'_>) -> Read<Rule> {
    read_array(decoder, 6)?;
    let (name, place) = (decoder.decode::<Option<&str>>()?, read_place(decoder)?);
    let (effect, actions) = (read_effect(decoder)?, read_list(decoder, read_action)?);
    let who = read_list(decoder, read_party)?;
    let mut rule = Rule::new(effect, actions, who).towards(read_list(decoder, read_party)?);
    if let Some(name) = name {
        rule = rule.named(name);
    }
    if let Some(place) = place {
        rule = rule.at(place);
    }
    Ok(rule)
}

fn read_effect(decoder: &mut Decoder<'_>) -> Read<Effect> {
    Ok(match decoder.bool()? {
        true => Effect::Allow,
        false => Effect::Deny,
    })
}

fn read_action(decoder: &mut Decoder<'_>) -> Read<Action> {
    let name = decoder.str()?;
    let mut all = Action::ALL.into_iter();
    let action = all.find(|action| action.name() == name);
    action.ok_or_else(|| decode::Error::message("an unknown action"))
}

fn read_party(decoder: &mut Decoder<'_>) -> Read<Party> {
    match decoder.array()? {
        Some(0) => Ok(Party::Everyone),
        Some(1) => read_identity(decoder).map(Party::Identity),
        Some(3) => {
            let (name, place) = (decoder.str()?, read_place(decoder)?);
            let set = KeySet::new(name, read_list(decoder, read_identity)?);
            Ok(Party::Set(Arc::new(match place {
                Some(place) => set.at(place),
                None => set,
            })))
        }
        _ => Err(decode::Error::message("an unknown party")),
    }
}

fn read_place(decoder: &mut Decoder<'_>) -> Read<Option<RulePlace>> {
    if decoder.datatype()? == minicbor::data::Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    read_array(decoder, 2)?;
    let file = decoder.str()?.into();
    let line = usize::try_from(decoder.u64()?).unwrap_or(usize::MAX);
    Ok(Some(RulePlace { file, line }))
}
