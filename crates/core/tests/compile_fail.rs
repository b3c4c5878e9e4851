//! What must not compile: a resolver or a protocol under a key of another endpoint type.

#[test]
fn endpoint_types_that_differ_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/same_endpoint.rs");
    cases.compile_fail("tests/compile_fail/foreign_*.rs");
}
