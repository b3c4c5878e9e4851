//! What a hello must not say.

use super::{
    Vector,
    build::{Item, array, boolean, map, negative, null, text, uint},
    vector,
};

pub fn vectors() -> Vec<Vector> {
    let hello = |versions: &[u64], capabilities: &[&str], role, agent: &str, max_frame| {
        let versions: Vec<_> = versions.iter().copied().map(uint).collect();
        let capabilities: Vec<_> = capabilities.iter().copied().map(text).collect();
        array(&[
            uint(0),
            array(&versions),
            array(&capabilities),
            uint(role),
            text(agent),
            uint(max_frame),
            map(&[]),
        ])
    };
    let many: Vec<_> = (0..33).map(|number| format!("{number:02}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(200);
    let versions = |versions: &[u64]| hello(versions, &[], 0, "x", 4_096);
    let capabilities = |capabilities: &[&str]| hello(&[1], capabilities, 0, "x", 4_096);
    let agent = |agent| hello(&[1], &[], 0, agent, 4_096);
    let mut vectors = vec![
        vector("hello-no-version", "no version", "length", versions(&[])),
        vector(
            "hello-nine-versions",
            "a version too many",
            "length",
            versions(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ),
        vector(
            "hello-versions-unsorted",
            "versions unsorted",
            "order",
            versions(&[2, 1]),
        ),
        vector(
            "hello-version-twice",
            "a version twice",
            "order",
            versions(&[1, 1]),
        ),
        vector(
            "hello-33-capabilities",
            "a capability too many",
            "length",
            capabilities(&many),
        ),
        vector(
            "hello-capability-empty",
            "an empty capability",
            "length",
            capabilities(&[""]),
        ),
        vector(
            "hello-capability-long",
            "a capability of 65 bytes",
            "length",
            capabilities(&[&long[..65]]),
        ),
        vector(
            "hello-capability-space",
            "a space in a capability",
            "value",
            capabilities(&["a b"]),
        ),
        vector(
            "hello-capabilities-unsorted",
            "capabilities unsorted",
            "order",
            capabilities(&["b", "a"]),
        ),
        vector(
            "hello-capability-twice",
            "a capability twice",
            "order",
            capabilities(&["a", "a"]),
        ),
        vector(
            "hello-role-2",
            "a role that is not known",
            "value",
            hello(&[1], &[], 2, "x", 4_096),
        ),
        vector("hello-agent-empty", "an empty agent", "length", agent("")),
        vector(
            "hello-agent-long",
            "an agent of 129 bytes",
            "length",
            agent(&long[..129]),
        ),
        vector(
            "hello-agent-control",
            "an escape in the agent",
            "value",
            agent("\u{1b}[2J"),
        ),
        vector(
            "hello-agent-utf-8",
            "an agent that is not ASCII",
            "value",
            agent("é"),
        ),
        vector(
            "hello-max-frame",
            "a longest message that is too short",
            "value",
            hello(&[1], &[], 0, "x", 4_095),
        ),
    ];
    vectors.extend(parameters());
    vectors
}

fn parameters() -> Vec<Vector> {
    let hello = |parameters: Item| {
        array(&[
            uint(0),
            array(&[uint(2)]),
            array(&[]),
            uint(0),
            text("x"),
            uint(4_096),
            parameters,
        ])
    };
    let one = |number: Item, value: Item| hello(map(&[(number, value)]));
    let two = |one: u64, two: u64| hello(map(&[(uint(one), uint(1)), (uint(two), uint(1))]));
    let many: Vec<_> = (0..33).map(|number| (uint(number), uint(0))).collect();
    vec![
        vector(
            "hello-33-parameters",
            "a parameter too many",
            "length",
            hello(map(&many)),
        ),
        vector(
            "hello-parameters-array",
            "parameters as an array",
            "type",
            hello(array(&[])),
        ),
        vector(
            "hello-parameters-null",
            "null for no parameters",
            "type",
            hello(null()),
        ),
        vector(
            "hello-parameters-unsorted",
            "parameters unsorted",
            "key-order",
            two(1, 0),
        ),
        vector(
            "hello-parameter-twice",
            "a parameter twice",
            "key-order",
            two(1, 1),
        ),
        vector(
            "hello-parameter-text",
            "a parameter by its name",
            "type",
            one(text("epoch"), uint(1)),
        ),
        vector(
            "hello-parameter-negative",
            "a parameter below zero",
            "type",
            one(negative(1), uint(1)),
        ),
        vector(
            "hello-value-text",
            "a value that is a text",
            "type",
            one(uint(0), text("1")),
        ),
        vector(
            "hello-value-boolean",
            "a value that is a boolean",
            "type",
            one(uint(1), boolean(true)),
        ),
        vector(
            "hello-value-negative",
            "a value below zero",
            "type",
            one(uint(0), negative(1)),
        ),
    ]
}
