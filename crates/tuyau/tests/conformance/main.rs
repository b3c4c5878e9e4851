//! The rules of [`tuyau_core::Flow`], run by name against every protocol and layer, each with its
//! own type and erased.
//!
//! No test waits for time to pass: each either comes to its end or hangs, and then a generous
//! deadline fails it.
#![cfg(all(feature = "mem", feature = "tcp", feature = "tls", feature = "unix"))]

mod helpers;
mod knowledge;
mod laws;
mod pairs;

use helpers::{Traits, within_reason};

/// A test for each law, for one kind of pair.
macro_rules! conformance {
    ($name:ident, $traits:expr, [$($law:ident),* $(,)?]) => {
        mod $name {
            use super::*;

            $(#[tokio::test]
            async fn $law() {
                let (near, far) = pairs::$name().await;
                within_reason(laws::$law(near, far, $traits)).await;
            })*

            mod erased {
                use super::*;
                use tuyau_core::AnyFlow;

                $(#[tokio::test]
                async fn $law() {
                    let (near, far) = pairs::$name().await;
                    let (near, far) = (AnyFlow::new(near), AnyFlow::new(far));
                    within_reason(laws::$law(near, far, $traits)).await;
                })*
            }
        }
    };
}

/// Runs the whole list for each kind of pair.
macro_rules! for_each_pair {
    ($laws:tt) => {
        conformance!(mem, Traits::PLAIN, $laws);
        conformance!(tcp, Traits::PLAIN, $laws);
        conformance!(unix, Traits::PLAIN, $laws);
        conformance!(tls_mem, Traits::TLS, $laws);
        conformance!(tls_tcp, Traits::TLS, $laws);
        conformance!(tls_unix, Traits::TLS, $laws);
        conformance!(tls_tls_mem, Traits::TLS, $laws);
        conformance!(from_tokio, Traits::PLAIN, $laws);
    };
}

for_each_pair!([
    the_end_is_sticky,
    the_other_half_stays_open,
    ending_twice_is_no_error_and_writing_after_it_is,
    dropping_closes,
    an_end_that_was_not_meant_is_told,
    vectored_writes_are_their_concatenation,
    a_cancelled_read_loses_nothing,
    both_directions_at_once_make_progress,
    reading_and_writing_tasks_do_not_hinder_each_other,
    what_is_accepted_is_bounded_and_arrives,
    nothing_is_read_into_or_written_from_no_room,
    flushed_bytes_arrive,
    an_aborted_flow_is_closed_and_its_peer_sees_it,
]);
