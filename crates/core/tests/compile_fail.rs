//! What must not compile: endpoint types that differ, streams in the place of datagrams, wrappers that
//! forget a part of a flow.

/// What the cases differ from. It is built here and not by trybuild, which then only checks the cases.
#[path = "compile_fail/what_compiles.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the cases use what this does not"
)]
mod what_compiles;

/// Law 2: a key with a resolver, or with a protocol, of another endpoint type does not compile. A
/// layered key is a key of its own.
#[test]
fn law_2_endpoint_types_that_differ_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/foreign_*.rs");
    // Law 6: a forced protocol gives its own flow. Law 9: a wrapper forwards everything.
    cases.compile_fail("tests/compile_fail/wrong_*.rs");
}
