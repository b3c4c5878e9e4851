//! Broken listeners and protocols, each caught by the law that it breaks.

use std::fmt;

use tuyau_conformance::{Case, Serving, ServingTraits, run_in_place, serving_cases, serving_tests};
use tuyau_core::{Address, Attempt, EndpointError, EndpointKey, FlowError, Protocol, Stage};

use crate::{
    fails,
    hub::{Dial, Fault, HubKey, Listener, PORT, open, serving},
    pipe::Pipe,
};

serving_tests! {
    sound,
    run = run_in_place,
    traits = ServingTraits::new(),
    serve = sound_hub,
}

async fn sound_hub() -> Serving<Listener, Dial> {
    serving(Fault::None)
}

fn cases(fault: Fault) -> Vec<Case> {
    serving_cases(ServingTraits::new(), run_in_place, async move || {
        serving(fault)
    })
}

/// What is stated of a protocol has to be true of it.
#[test]
fn an_address_that_says_the_endpoint_is_not_stated_to_say_none() {
    let traits = ServingTraits::new().without_endpoint_in_address();
    let cases = serving_cases(traits, run_in_place, sound_hub);
    assert!(fails("the_address_says_the_endpoint", cases));
}

/// A key that reads no address has to be stated.
#[test]
fn an_address_that_says_no_endpoint_is_stated() {
    let serve = async || serving(Fault::AddressHasNoPort);
    let cases = serving_cases(ServingTraits::new(), run_in_place, serve);
    assert!(fails("the_address_says_the_endpoint", cases));
    let traits = ServingTraits::new().without_endpoint_in_address();
    let cases = serving_cases(traits, run_in_place, serve);
    assert!(!fails("the_address_says_the_endpoint", cases));
}

/// The endpoint is said in full, and not only how it begins.
#[test]
fn an_address_that_says_more_or_less_than_the_endpoint_is_caught() {
    let serve = async || serving(Fault::AddressIsLonger);
    let cases = serving_cases(ServingTraits::new(), run_in_place, serve);
    assert!(fails("the_address_says_the_endpoint", cases));
}

/// A hub whose ports have lines, of which its addresses do not say the number.
struct Lines;

impl EndpointKey for Lines {
    type Endpoint = (u16, u8);
    const NAME: &'static str = "hub";

    fn show((port, _): &(u16, u8), f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HubKey::show(port, f)
    }

    fn read(address: &Address) -> Result<(u16, u8), EndpointError> {
        Ok((HubKey::read(address)?, 0))
    }
}

struct DialLine(Dial);

impl Protocol for DialLine {
    type Key = Lines;
    type Flow = Pipe;
    type Error = FlowError;
    const STAGE: Stage = Dial::STAGE;

    async fn connect(&self, (port, _): &(u16, u8), attempt: &Attempt) -> Result<Pipe, FlowError> {
        self.0.connect(port, attempt).await
    }
}

/// It is the endpoint that is compared, and not only how it is shown.
#[test]
fn an_address_that_says_an_endpoint_which_only_looks_alike_is_caught() {
    let at_line = |line| {
        async move || {
            let (listener, dial) = open(Fault::None);
            Serving::new(listener, DialLine(dial), (PORT, line))
        }
    };
    let cases = |line| serving_cases(ServingTraits::new(), run_in_place, at_line(line));
    assert!(!fails("the_address_says_the_endpoint", cases(0)));
    assert!(fails("the_address_says_the_endpoint", cases(7)));
}

macro_rules! caught {
    ($($fault:ident by $law:ident,)*) => {
        mod caught {
            use super::*;

            $(#[test]
            fn $law() {
                assert!(fails(stringify!($law), cases(Fault::$fault)));
            })*

            /// No law is left that nothing was shown to break.
            #[test]
            fn every_law_is_among_them() {
                let laws = [$(stringify!($law)),*];
                for case in cases(Fault::None) {
                    assert!(laws.contains(&case.name()), "nothing breaks {}", case.name());
                }
            }
        }
    };
}

caught! {
    HandshakeFails by who_dials_meets_who_accepts,
    PortIsNotTold by the_address_tells_the_port,
    HandshakeIsPartOfAccept by a_peer_that_stops_does_not_block_the_next,
    NobodyWaits by connections_wait_until_they_are_accepted,
    PollForgets by a_cancelled_accept_loses_no_connection,
    HandshakeLeavesItsFlow by dropping_a_handshake_closes_the_connection,
    DropChangesNothing by a_listener_that_is_dropped_while_it_accepts_is_gone,
    DropForgetsTheQueue by dropping_a_listener_ends_what_waits,
    ConnectDialsAtOnce by nothing_happens_before_the_first_poll,
    ConnectLeavesItsFlow by a_dropped_connect_leaves_nothing_behind,
    RefusesOddly by where_nobody_listens_it_is_refused,
    AddressIsAnother by the_address_says_the_endpoint,
}
