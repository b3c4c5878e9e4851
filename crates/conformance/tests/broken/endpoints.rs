//! Keys whose endpoints are not read as they are shown.

use std::fmt;

use tuyau_conformance::{Case, endpoint_cases};
use tuyau_core::{Address, EndpointError, EndpointKey};

use crate::{fails, hub::HubKey};

#[test]
fn sound() {
    for case in endpoint_cases::<HubKey>("hub", vec![1, 65535], &["hub://here"]) {
        case.test();
    }
}

/// Reads a port other than the one that it shows, whatever the address.
struct Confused;

impl EndpointKey for Confused {
    type Endpoint = u16;
    const NAME: &'static str = "confused";

    fn show(port: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "here:{port}")
    }

    fn read(address: &Address) -> Result<u16, EndpointError> {
        Ok(address.port().unwrap_or_default() + 1)
    }
}

fn cases() -> Vec<Case> {
    endpoint_cases::<Confused>("confused", vec![1], &["confused://here"])
}

#[test]
fn an_endpoint_that_is_not_read_as_it_is_shown_is_caught() {
    assert!(fails("what_is_shown_is_read_back", cases()));
}

#[test]
fn an_address_that_should_be_refused_and_is_not_is_caught() {
    assert!(fails("another_form_is_refused", cases()));
}
