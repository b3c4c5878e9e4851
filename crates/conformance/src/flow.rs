//! The laws of flows, by name.

mod bytes;
mod ends;
mod pressure;

use std::{fmt, future::Future, pin::Pin};

use tuyau_core::{AnyFlow, Flow};

use crate::{Case, IntoPair, NotRun, Pair, Traits, Work};

/// No flow may accept so much while its peer reads nothing, buffers of the system included.
const BOUND: usize = 64 * 1024 * 1024;

/// A law of [`Flow`], to be run against two connected flows.
pub struct FlowLaw<N, F> {
    name: &'static str,
    run: fn(N, F, Traits) -> Running,
}

/// A law being run.
type Running = Pin<Box<dyn Future<Output = Result<(), NotRun>>>>;

impl<N: Flow, F: Flow> FlowLaw<N, F> {
    /// The name, which says what must hold.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the law.
    ///
    /// # Errors
    /// [`NotRun`] when the protocol does not have what the law is about.
    ///
    /// # Panics
    /// When the law is broken.
    pub async fn run(&self, near: N, far: F, traits: Traits) -> Result<(), NotRun> {
        (self.run)(near, far, traits).await
    }
}

impl<N, F> fmt::Debug for FlowLaw<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FlowLaw").field(&self.name).finish()
    }
}

/// Calls a macro with the path of each law.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_each_flow_law {
    ([$($callback:tt)*]) => {
        $($callback)*! {
            [
                ends::the_end_is_sticky,
                ends::the_other_half_stays_open,
                ends::ending_twice_is_no_error_and_writing_after_it_is,
                ends::what_was_ended_arrives_although_its_flow_is_dropped,
                ends::an_answer_arrives_although_its_flow_is_dropped,
                ends::the_end_wakes_a_waiting_reader,
                ends::dropping_closes,
                ends::dropping_wakes_a_waiting_reader,
                ends::an_end_that_was_not_meant_is_told,
                ends::an_aborted_flow_is_closed_and_its_peer_sees_it,
                bytes::flushed_bytes_arrive,
                bytes::short_reads_lose_nothing,
                bytes::vectored_writes_are_their_concatenation,
                bytes::a_flow_takes_as_many_slices_as_it_says,
                bytes::nothing_is_read_into_or_written_from_no_room,
                bytes::a_cancelled_read_loses_nothing,
                bytes::a_refused_write_takes_nothing,
                pressure::both_directions_at_once_make_progress,
                pressure::reading_and_writing_tasks_do_not_hinder_each_other,
                pressure::what_is_accepted_is_bounded_and_arrives,
            ]
        }
    };
}

macro_rules! list {
    ([$($file:ident::$law:ident,)*]) => {
        vec![$(FlowLaw {
            name: stringify!($law),
            run: |near, far, traits| Box::pin($file::$law(near, far, traits)),
        }),*]
    };
}

/// The laws of flows, in the order in which the [crate's page](crate) lists them.
pub fn flow_laws<N: Flow, F: Flow>() -> Vec<FlowLaw<N, F>> {
    __for_each_flow_law!([list])
}

/// A case for each law, and one for each law with the flows' types erased: `law` and `erased::law`.
///
/// Each gets a pair of its own from `pair`, made and used in what `run` drives: the `block_on` of a
/// runtime, or [`run_in_place`](crate::run_in_place).
pub fn flow_cases<P, R, M>(traits: Traits, run: R, pair: M) -> Vec<Case>
where
    P: IntoPair<Near: Flow, Far: Flow>,
    R: Fn(Work) + Clone + Send + 'static,
    M: AsyncFn() -> P + Clone + Send + 'static,
{
    let mut cases = Vec::new();
    for law in flow_laws::<P::Near, P::Far>() {
        let (pair, name) = (pair.clone(), law.name);
        cases.push(Case::new(name, run.clone(), async move || {
            let Pair { near, far, keep } = pair().await.into_pair()?;
            let result = law.run(near, far, traits).await;
            drop(keep);
            result
        }));
    }
    for law in flow_laws::<AnyFlow, AnyFlow>() {
        let (pair, name) = (pair.clone(), format!("erased::{}", law.name));
        cases.push(Case::new(name, run.clone(), async move || {
            let Pair { near, far, keep } =
                pair().await.into_pair()?.map(AnyFlow::new, AnyFlow::new);
            let result = law.run(near, far, traits).await;
            drop(keep);
            result
        }));
    }
    cases
}

/// Runs the case of that name as a test.
#[doc(hidden)]
pub fn __test_named(name: &str, cases: Vec<Case>) {
    let case = cases.into_iter().find(|case| case.name() == name);
    case.expect("the list and the tests come from one place")
        .test();
}

/// Makes a `#[test]` for each law of flows, in a module of the given name.
///
/// `run` drives a future to its end: the `block_on` of any runtime. `pair` is an async function that
/// gives two connected flows, anew for each law: see [`IntoPair`].
///
/// The [crate's page](crate) has an example.
#[macro_export]
macro_rules! flow_tests {
    ($name:ident, run = $run:expr, traits = $traits:expr, pair = $pair:expr $(,)?) => {
        #[cfg(test)]
        mod $name {
            use super::*;

            fn test(law: &str) {
                $crate::__test_named(law, $crate::flow_cases($traits, $run, $pair));
            }

            $crate::__for_each_flow_law!([$crate::__flow_tests]);
        }
    };
}

/// A test for each law, and one for each law erased.
#[doc(hidden)]
#[macro_export]
macro_rules! __flow_tests {
    ([$($file:ident::$law:ident,)*]) => {
        $(#[test]
        fn $law() {
            test(stringify!($law));
        })*

        mod erased {
            $(#[test]
            fn $law() {
                super::test(concat!("erased::", stringify!($law)));
            })*
        }
    };
}
