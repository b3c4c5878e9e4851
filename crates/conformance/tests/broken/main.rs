//! The kit can fail: each law catches a flow, a listener, a protocol, a key or a resolver that breaks it on purpose.

mod datagrams;
mod desk;
mod endpoints;
mod flows;
mod hub;
mod listeners;
mod pipe;
mod post;
mod resolvers;

use std::panic::{AssertUnwindSafe, catch_unwind};

use tuyau_conformance::Case;

/// Whether the case of that name fails; every other one may, because one fault can break several laws.
fn fails(law: &str, cases: Vec<Case>) -> bool {
    let case = cases.into_iter().find(|case| case.name() == law);
    let case = case.unwrap_or_else(|| panic!("there is no law {law}"));
    match catch_unwind(AssertUnwindSafe(|| case.run())) {
        Ok(Ok(())) => false,
        Ok(Err(reason)) => panic!("{law} was not run: {reason}"),
        Err(_) => true,
    }
}
