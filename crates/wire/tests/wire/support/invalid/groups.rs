//! What a join, a leave, a declare, and what a group signs must not look like.

use super::{
    Vector, alice,
    build::{Item, array, boolean, bytes, negative, null, text, uint},
    group, no_identities, signed, vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    [members(), identities(), grants(), rules()].concat()
}

/// A grant for alice with these rights, as bytes to be signed.
pub fn grant(rights: u64) -> Item {
    array(&[group(), alice(), uint(1), uint(rights), uint(1_900_000_000)])
}

/// The same with a signature of zeros.
pub fn signed_grant(rights: u64) -> Item {
    signed(&grant(rights))
}

fn join(group: Item, durable: Item, grant: Item) -> Item {
    array(&[uint(15), uint(1), group, durable, grant])
}

fn members() -> Vec<Vector> {
    let mut vectors = vec![
        vector(
            "join-durable-number",
            "a number for a boolean",
            "type",
            join(group(), uint(0), null()),
        ),
        vector(
            "join-durable-null",
            "null for a boolean",
            "type",
            join(group(), null(), null()),
        ),
        vector(
            "join-grant-false",
            "false instead of no grant",
            "type",
            join(group(), boolean(true), boolean(false)),
        ),
    ];
    let fields = [
        ("sequence", uint(1)),
        ("group", group()),
        ("durable", boolean(true)),
        ("grant", null()),
    ];
    vectors.extend(wrong_numbers("join", 15, &fields));
    vectors.extend(wrong_numbers(
        "leave",
        16,
        &[("sequence", uint(1)), ("group", group())],
    ));
    vectors
}

fn identities() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for (what, title, kind, item) in no_identities() {
        let message = join(item.clone(), boolean(false), null());
        vectors.push(vector(&format!("join-group-{what}"), title, kind, message));
        let message = array(&[uint(16), uint(1), item]);
        vectors.push(vector(&format!("leave-group-{what}"), title, kind, message));
    }
    vectors
}

fn grants() -> Vec<Vector> {
    let of = |grant: &[u8]| join(group(), boolean(true), signed(grant));
    let good = grant(3);
    let wide = [&[0x98, 0x05], &good[1..]].concat();
    let expires = |expires: Item| array(&[group(), alice(), uint(1), uint(3), expires]);
    let short = array(&[bytes(&good), bytes(&[0; 63])]);
    let long = array(&[bytes(&good), bytes(&[0; 65])]);
    vec![
        vector(
            "grant-rights-0",
            "a right to nothing",
            "value",
            of(&grant(0)),
        ),
        vector(
            "grant-rights-4",
            "a right that is not known",
            "value",
            of(&grant(4)),
        ),
        vector(
            "grant-four",
            "a grant of four elements",
            "length",
            of(&array(&[group(), alice(), uint(1), uint(3)])),
        ),
        vector(
            "grant-expires-negative",
            "an expiry before 1970",
            "type",
            of(&expires(negative(1))),
        ),
        vector(
            "grant-expires-null",
            "no expiry",
            "type",
            of(&expires(null())),
        ),
        vector(
            "grant-not-shortest",
            "a grant with a longer head",
            "not-shortest",
            of(&wide),
        ),
        vector(
            "grant-trailing",
            "a byte after the grant",
            "trailing",
            of(&[&good[..], &[0x00]].concat()),
        ),
        vector(
            "grant-truncated",
            "half a grant",
            "truncated",
            of(&good[..40]),
        ),
        vector(
            "grant-rules",
            "the rules of a group in place of a grant",
            "type",
            of(&rules_of(group(), boolean(true))),
        ),
        vector(
            "grant-signature-short",
            "a signature of 63 bytes",
            "length",
            join(group(), boolean(true), short),
        ),
        vector(
            "grant-signature-long",
            "a signature of 65 bytes",
            "length",
            join(group(), boolean(true), long),
        ),
    ]
}

fn rules_of(group: Item, join: Item) -> Item {
    array(&[group, uint(1), join, boolean(false), uint(0)])
}

fn rules() -> Vec<Vector> {
    let of = |rules: &[u8]| array(&[uint(17), uint(1), signed(rules)]);
    let good = rules_of(group(), boolean(true));
    let mut vectors = vec![
        vector(
            "rules-join-number",
            "a number for a boolean",
            "type",
            of(&rules_of(group(), uint(1))),
        ),
        vector(
            "rules-group-text",
            "a group as text",
            "type",
            of(&rules_of(text("group"), boolean(true))),
        ),
        vector(
            "rules-four",
            "rules of four elements",
            "length",
            of(&array(&[group(), uint(1), boolean(true), boolean(false)])),
        ),
        vector(
            "rules-grant",
            "a grant in place of rules",
            "type",
            of(&grant(3)),
        ),
        vector("rules-empty", "rules of no bytes", "truncated", of(&[])),
        vector(
            "declare-unsigned",
            "rules without a signature",
            "length",
            array(&[uint(17), uint(1), array(&[bytes(&good)])]),
        ),
        vector(
            "declare-nothing",
            "no rules",
            "type",
            array(&[uint(17), uint(1), null()]),
        ),
    ];
    let fields = [("sequence", uint(1)), ("rules", signed(&good))];
    vectors.extend(wrong_numbers("declare", 17, &fields));
    vectors
}
