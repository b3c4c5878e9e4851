//! Broken flows, each caught by the law that it breaks.

use tuyau_conformance::{Case, Traits, flow_cases, flow_tests, run_in_place};

use crate::{
    fails,
    pipe::{Fault, Pipe, pair},
};

flow_tests! {
    sound,
    run = run_in_place,
    traits = Traits::stream(),
    pair = sound_pair,
}

async fn sound_pair() -> (Pipe, Pipe) {
    pair(Fault::None)
}

fn cases(fault: Fault) -> Vec<Case> {
    flow_cases(Traits::stream(), run_in_place, async move || pair(fault))
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
                let mut laws = vec!["an_end_that_was_not_meant_is_told"];
                laws.extend([$(stringify!($law)),*]);
                for case in cases(Fault::None) {
                    let name = case.name().trim_start_matches("erased::");
                    assert!(laws.contains(&name), "nothing breaks {name}");
                }
            }
        }
    };
}

caught! {
    EndIsForgotten by the_end_is_sticky,
    ClosesBothHalves by the_other_half_stays_open,
    EndingTwiceFails by ending_twice_is_no_error_and_writing_after_it_is,
    DropTakesBack by what_was_ended_arrives_although_its_flow_is_dropped,
    DropTakesBack by an_answer_arrives_although_its_flow_is_dropped,
    EndIsSilent by the_end_wakes_a_waiting_reader,
    DropChangesNothing by dropping_closes,
    DropIsSilent by dropping_wakes_a_waiting_reader,
    AbortChangesNothing by an_aborted_flow_is_closed_and_its_peer_sees_it,
    BufferedForever by flushed_bytes_arrive,
    LosesWhatHasNoRoom by short_reads_lose_nothing,
    ForgetsSlices by vectored_writes_are_their_concatenation,
    ClaimsVectored by a_flow_takes_as_many_slices_as_it_says,
    EmptyReadWaits by nothing_is_read_into_or_written_from_no_room,
    FillsTheCallersBuffer by a_cancelled_read_loses_nothing,
    RefusedIsSent by a_refused_write_takes_nothing,
    HalfDuplex by both_directions_at_once_make_progress,
    OneWaker by reading_and_writing_tasks_do_not_hinder_each_other,
    Unbounded by what_is_accepted_is_bounded_and_arrives,
}

#[test]
fn an_end_that_is_not_told_is_caught_where_it_should_be_told() {
    let traits = Traits::stream().tells_truncation();
    let cases = flow_cases(traits, run_in_place, sound_pair);
    assert!(fails("an_end_that_was_not_meant_is_told", cases));
}
