//! `tuyau group` says who may do what in a group.

mod grant_file;

use std::time::Duration;

use serde_json::json;
use tuyau_client::{GroupKey, keyfile};
use tuyau_wire::{Grant, Rules};

use super::{
    CommandError,
    message::{connect_via, identity},
    small_runtime,
};
use crate::{
    args::{GrantArgs, GroupArgs, GroupCommand, Right, RulesArgs},
    clock, files,
    output::Output,
};

pub(super) use grant_file::{GrantFileError, load};

/// How long connecting and the answer may take.
const TIME: Duration = Duration::from_secs(30);

const DAY: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn run(args: GroupArgs) -> Result<(), CommandError> {
    match args.command {
        GroupCommand::Rules(args) => rules(&args),
        GroupCommand::Grant(args) => grant(&args),
    }
}

fn rules(args: &RulesArgs) -> Result<(), CommandError> {
    let group = GroupKey::new(keyfile::load(&args.group)?);
    let join = Right::Join.is_in(&args.restrict);
    let publish = Right::Publish.is_in(&args.restrict);
    let signed = match args.revoke {
        true => group.rules_without_old_grants(join, publish),
        false => group.rules(join, publish),
    };
    let rules = signed.claims().clone();
    small_runtime()?.block_on(async {
        let session = connect_via(&args.via, Some(TIME)).await?;
        session.declare(signed).await?;
        session.close().await;
        Ok::<_, CommandError>(())
    })?;
    let value = json!({
        "group": rules.group.to_string(), "sequence": rules.sequence,
        "join_restricted": join, "publish_restricted": publish, "grants_from": rules.grants_from,
    });
    Ok(Output::new(args.json).either(&value, said(&rules, args.revoke))?)
}

/// What rules say, for a person.
fn said(rules: &Rules, revoked: bool) -> String {
    let wants = match (rules.join_restricted, rules.publish_restricted) {
        (false, false) => "is open to everyone",
        (true, false) => "wants a grant to join",
        (false, true) => "wants a grant to publish",
        (true, true) => "wants a grant to join and to publish",
    };
    let revoked = match revoked {
        true => "; grants that were signed before do not count any more",
        false => "",
    };
    format!("the group {} {wants}{revoked}", rules.group)
}

fn grant(args: &GrantArgs) -> Result<(), CommandError> {
    let group = GroupKey::new(keyfile::load(&args.group)?);
    let rights = Right::all(&args.right);
    let days = u32::try_from(args.days).unwrap_or(u32::MAX);
    let signed = group.grant(identity(&args.identity)?, rights, DAY * days);
    let written = files::replace(&args.out, &grant_file::encode(&signed));
    written.map_err(|error| GrantFileError::unwritable(&args.out, error))?;
    let Grant {
        group,
        identity,
        sequence,
        expires,
        ..
    } = *signed.claims();
    let until = clock::format(Duration::from_secs(expires));
    let may = match (rights.join(), rights.publish()) {
        (true, true) => "join and publish to",
        (true, false) => "join",
        (false, _) => "publish to",
    };
    let file = args.out.display().to_string();
    let text = format!("{file}: {identity} may {may} the group {group} until {until}");
    let value = json!({
        "file": file, "group": group.to_string(), "identity": identity.to_string(),
        "sequence": sequence, "join": rights.join(), "publish": rights.publish(),
        "expires": expires,
    });
    Ok(Output::new(args.json).either(&value, text)?)
}
