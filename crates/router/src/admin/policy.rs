//! An access policy on the admin socket.

use std::{collections::HashMap, sync::Arc};

use minicbor::{Decoder, Encoder, data::Type, decode};

use super::message::{Read, Written, read_array, read_identity, read_list};
use crate::policy::{Action, Effect, KeySet, Party, Policy, Rule, RulePlace};

pub(super) fn write_policy(encoder: &mut Encoder<Vec<u8>>, policy: &Policy) -> Written {
    let sets = policy.sets();
    encoder
        .array(3)?
        .bool(policy.default_effect().allows())?
        .array(sets.len() as u64)?;
    let mut numbers = HashMap::new();
    for (number, set) in (0..).zip(sets) {
        numbers.insert(Arc::as_ptr(set), number);
        write_set(encoder, set)?;
    }
    encoder.array(policy.rules().len() as u64)?;
    for rule in policy.rules() {
        encoder.array(6)?.encode(rule.name())?;
        write_place(encoder, rule.place())?;
        encoder
            .bool(rule.effect().allows())?
            .array(rule.actions().len() as u64)?;
        for action in rule.actions() {
            encoder.str(action.name())?;
        }
        write_parties(encoder, rule.who(), &numbers)?;
        write_parties(encoder, rule.to(), &numbers)?;
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

/// The numbers of sets.
type Numbers = HashMap<*const KeySet, u64>;

fn write_parties(encoder: &mut Encoder<Vec<u8>>, parties: &[Party], numbers: &Numbers) -> Written {
    encoder.array(parties.len() as u64)?;
    for party in parties {
        match party {
            Party::Everyone => encoder.null()?.ok()?,
            Party::Identity(identity) => encoder.bytes(identity.as_bytes())?.ok()?,
            Party::Set(set) => encoder.u64(numbers[&Arc::as_ptr(set)])?.ok()?,
        }
    }
    Ok(())
}

fn write_set(encoder: &mut Encoder<Vec<u8>>, set: &KeySet) -> Written {
    write_place(encoder.array(3)?.str(set.name())?, set.place())?;
    let mut members: Vec<_> = set.iter().collect();
    members.sort();
    encoder.array(members.len() as u64)?;
    for member in members {
        encoder.bytes(member.as_bytes())?;
    }
    Ok(())
}

pub(super) fn read_policy(decoder: &mut Decoder<'_>) -> Read<Policy> {
    read_array(decoder, 3)?;
    let (default, sets) = (read_effect(decoder)?, read_list(decoder, read_set)?);
    let rules = read_list(decoder, |decoder| read_rule(decoder, &sets))?;
    Ok(Policy::new(default, rules))
}

fn read_rule(decoder: &mut Decoder<'_>, sets: &[Arc<KeySet>]) -> Read<Rule> {
    read_array(decoder, 6)?;
    let (name, place) = (decoder.decode::<Option<&str>>()?, read_place(decoder)?);
    let (effect, actions) = (read_effect(decoder)?, read_list(decoder, read_action)?);
    let mut parties = || read_list(decoder, |decoder| read_party(decoder, sets));
    let mut rule = Rule::new(effect, actions, parties()?).towards(parties()?);
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

fn read_party(decoder: &mut Decoder<'_>, sets: &[Arc<KeySet>]) -> Read<Party> {
    match decoder.datatype()? {
        Type::Null => {
            decoder.null()?;
            Ok(Party::Everyone)
        }
        Type::Bytes => read_identity(decoder).map(Party::Identity),
        _ => {
            let number = usize::try_from(decoder.u64()?).unwrap_or(usize::MAX);
            let set = sets.get(number).cloned();
            let set = set.ok_or_else(|| decode::Error::message("an unknown set"))?;
            Ok(Party::Set(set))
        }
    }
}

fn read_set(decoder: &mut Decoder<'_>) -> Read<Arc<KeySet>> {
    read_array(decoder, 3)?;
    let (name, place) = (decoder.str()?, read_place(decoder)?);
    let set = KeySet::new(name, read_list(decoder, read_identity)?);
    Ok(Arc::new(match place {
        Some(place) => set.at(place),
        None => set,
    }))
}

fn read_place(decoder: &mut Decoder<'_>) -> Read<Option<RulePlace>> {
    if decoder.datatype()? == Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    read_array(decoder, 2)?;
    let file = decoder.str()?.into();
    let line = usize::try_from(decoder.u64()?).unwrap_or(usize::MAX);
    Ok(Some(RulePlace { file, line }))
}
