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

/// Shows the number of a room, and not which house it is in.
struct Forgetful;

impl EndpointKey for Forgetful {
    /// House and room.
    type Endpoint = (u8, u8);
    const NAME: &'static str = "forgetful";

    fn show((_, room): &(u8, u8), f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{room}")
    }

    fn read(address: &Address) -> Result<(u8, u8), EndpointError> {
        let room = address.host().and_then(|host| host.parse().ok());
        let room = room.ok_or_else(|| EndpointError::new(address, "a room, as in `forgetful://7`"));
        Ok((0, room?))
    }
}

#[test]
fn what_makes_another_endpoint_and_is_not_shown_is_caught() {
    let cases = |endpoint| endpoint_cases::<Forgetful>("forgetful", vec![endpoint], &[]);
    assert!(fails("what_is_shown_is_read_back", cases((1, 7))));
    // The usual house does not show it.
    assert!(!fails("what_is_shown_is_read_back", cases((0, 7))));
}

#[test]
fn an_endpoint_that_is_not_read_as_it_is_shown_is_caught() {
    assert!(fails("what_is_shown_is_read_back", cases()));
}

#[test]
fn an_address_that_should_be_refused_and_is_not_is_caught() {
    assert!(fails("another_form_is_refused", cases()));
}
