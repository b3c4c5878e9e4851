//! What a bind, an unbind or an announce must not look like.

use super::{
    Vector, alice, bob,
    build::{Item, array, boolean, bytes, null, text, uint},
    group, groups, no_identities, vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    let unbind = [("handle", uint(1))];
    [
        binds(),
        targets(),
        wrong_numbers("bind", 3, &fields(bob())),
        wrong_numbers("unbind", 4, &unbind),
        announcements(),
        wrong_numbers("announce", 6, &announced(alice())),
    ]
    .concat()
}

/// The fields of a bind that is good, but perhaps for its target.
fn fields(target: Item) -> [(&'static str, Item); 8] {
    [
        ("sequence", uint(1)),
        ("handle", uint(0)),
        ("kind", uint(0)),
        ("target", target),
        ("grant", null()),
        ("class", uint(0)),
        ("level", uint(1)),
        ("ttl", uint(0)),
    ]
}

/// A message with one of the fields exchanged.
fn with(number: u64, fields: &[(&'static str, Item)], changes: &[(&str, Item)]) -> Item {
    let mut items = vec![uint(number)];
    for (name, item) in fields {
        let change = changes.iter().find(|(changed, _)| changed == name);
        items.push(change.map_or(item, |(_, item)| item).clone());
    }
    array(&items)
}

fn binds() -> Vec<Vector> {
    let bind = |changes: &[(&str, Item)]| with(3, &fields(bob()), changes);
    let of_group = |grant: Item| bind(&[("kind", uint(1)), ("target", group()), ("grant", grant)]);
    let grant = groups::signed_grant(3);
    vec![
        vector(
            "bind-kind-2",
            "a kind of target that is not known",
            "value",
            bind(&[("kind", uint(2))]),
        ),
        vector(
            "bind-class-3",
            "a class that is not known",
            "value",
            bind(&[("class", uint(3))]),
        ),
        vector(
            "bind-level-4",
            "a level that is not known",
            "value",
            bind(&[("level", uint(4))]),
        ),
        vector(
            "bind-class-huge",
            "a class far away",
            "value",
            bind(&[("class", uint(u64::MAX))]),
        ),
        vector(
            "bind-grant-for-identity",
            "a grant where there is no group",
            "type",
            bind(&[("grant", grant.clone())]),
        ),
        vector(
            "bind-grant-number",
            "a grant that is a number",
            "type",
            of_group(uint(1)),
        ),
        vector(
            "bind-grant-text",
            "a grant that is a text",
            "type",
            of_group(text("grant")),
        ),
        vector(
            "bind-grant-boolean",
            "a grant that is a boolean",
            "type",
            of_group(boolean(false)),
        ),
        vector(
            "bind-grant-bytes",
            "a grant without its signature",
            "type",
            of_group(bytes(&groups::grant(3))),
        ),
        vector(
            "bind-grant-twice",
            "two grants",
            "length",
            of_group(array(&[grant.clone(), grant.clone(), grant])),
        ),
        vector(
            "bind-grant-empty",
            "an empty array for a grant",
            "length",
            of_group(array(&[])),
        ),
    ]
}

fn targets() -> Vec<Vector> {
    no_identities()
        .into_iter()
        .map(|(what, title, kind, item)| {
            let bind = with(3, &fields(item), &[]);
            vector(&format!("bind-target-{what}"), title, kind, bind)
        })
        .collect()
}

/// The fields of an announce that is good, but perhaps for the sender.
fn announced(identity: Item) -> [(&'static str, Item); 7] {
    [
        ("handle", uint(1)),
        ("identity", identity),
        ("epoch", uint(0)),
        ("group", null()),
        ("class", uint(0)),
        ("acknowledge", boolean(false)),
        ("ttl", uint(0)),
    ]
}

fn announcements() -> Vec<Vector> {
    let announce = |changes: &[(&str, Item)]| with(6, &announced(alice()), changes);
    let mut vectors = vec![
        vector(
            "announce-class-3",
            "a class that is not known",
            "value",
            announce(&[("class", uint(3))]),
        ),
        vector(
            "announce-acknowledge-number",
            "a number for a boolean",
            "type",
            announce(&[("acknowledge", uint(1))]),
        ),
        vector(
            "announce-acknowledge-null",
            "null for a boolean",
            "type",
            announce(&[("acknowledge", null())]),
        ),
        vector(
            "announce-group-number",
            "a group that is a number",
            "type",
            announce(&[("group", uint(1))]),
        ),
        vector(
            "announce-group-false",
            "false instead of no group",
            "type",
            announce(&[("group", boolean(false))]),
        ),
    ];
    for (what, title, kind, item) in no_identities() {
        let message = announce(&[("identity", item.clone())]);
        vectors.push(vector(
            &format!("announce-identity-{what}"),
            title,
            kind,
            message,
        ));
        let message = announce(&[("group", item)]);
        vectors.push(vector(
            &format!("announce-group-{what}"),
            title,
            kind,
            message,
        ));
    }
    vectors
}
