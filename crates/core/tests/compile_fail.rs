//! What must not compile: endpoint types that differ, streams in the place of datagrams, wrappers that
//! forget a part of a flow.

/// Law 2: a key with a resolver, or with a protocol, of another endpoint type does not compile. A
/// layered key is a key of its own.
#[test]
fn law_2_endpoint_types_that_differ_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/what_compiles.rs");
    cases.compile_fail("tests/compile_fail/foreign_*.rs");
    // Law 6: a forced protocol gives its own flow. Law 9: a wrapper forwards everything.
    cases.compile_fail("tests/compile_fail/wrong_*.rs");
}
