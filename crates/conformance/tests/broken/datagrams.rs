//! Broken datagrams, each caught by the law that it breaks.

use tuyau_conformance::{Case, DatagramTraits, datagram_cases, datagram_tests, run_in_place};

use crate::{
    fails,
    post::{Fault, Post, pair},
};

datagram_tests! {
    sound,
    run = run_in_place,
    traits = DatagramTraits::new().tells_drop(),
    pair = sound_pair,
}

async fn sound_pair() -> (Post, Post) {
    pair(Fault::None)
}

fn cases(fault: Fault) -> Vec<Case> {
    let traits = DatagramTraits::new().tells_drop();
    datagram_cases(traits, run_in_place, async move || pair(fault))
}

macro_rules! caught {
    ($($fault:ident by $law:ident,)*) => {
        mod caught {
            use super::*;

            $(#[test]
            fn $law() {
                assert!(fails(stringify!($law), cases(Fault::$fault)));
                let erased = concat!("erased::", stringify!($law));
                assert!(fails(erased, cases(Fault::$fault)));
            })*

            /// No law is left that nothing was shown to break.
            #[test]
            fn every_law_is_among_them() {
                let laws = [$(stringify!($law)),*];
                for case in cases(Fault::None) {
                    let name = case.name().trim_start_matches("erased::");
                    assert!(laws.contains(&name), "nothing breaks {name}");
                }
            }
        }
    };
}

caught! {
    RunsTogether by boundaries_are_kept,
    EmptyIsNothing by an_empty_datagram_arrives,
    SizeIsAnother by the_largest_datagram_arrives,
    CutsToSize by a_datagram_that_is_too_large_is_refused,
    CutsToRoom by a_datagram_without_room_is_an_error,
    PollForgets by a_cancelled_receive_loses_nothing,
    OneWaker by receiving_and_sending_tasks_do_not_hinder_each_other,
    Unbounded by what_waits_is_bounded,
    DropIsSilent by dropping_is_told,
}
