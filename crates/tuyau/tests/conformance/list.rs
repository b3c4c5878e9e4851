//! The list being made, and who drives its cases.

use std::collections::BTreeSet;

use libtest_mimic::{Completion, Trial};
use tuyau_conformance::{
    Case, DatagramTraits, IntoPair, IntoResolving, IntoServing, ServingTraits, Traits, Work,
    datagram_cases, datagram_serving_cases, flow_cases, resolver_cases, serving_cases,
};
use tuyau_core::{Datagrams, Flow, Listener, Protocol};

/// Every case of every row.
#[derive(Default)]
pub(crate) struct List(Vec<Case>);

impl List {
    /// Adds the laws of flows for one kind of pair: `row::law` and `row::erased::law`.
    pub(crate) fn flows<P, R, M>(&mut self, row: &str, traits: Traits, run: R, pair: M)
    where
        P: IntoPair<Near: Flow, Far: Flow>,
        R: Fn(Work) + Clone + Send + 'static,
        M: AsyncFn() -> P + Clone + Send + 'static,
    {
        self.add(row, flow_cases(traits, run, pair));
    }

    /// Adds the laws of datagrams for one kind of pair: `row::law` and `row::erased::law`.
    pub(crate) fn datagrams<P, R, M>(&mut self, row: &str, traits: DatagramTraits, run: R, pair: M)
    where
        P: IntoPair<Near: Datagrams, Far: Datagrams>,
        R: Fn(Work) + Clone + Send + 'static,
        M: AsyncFn() -> P + Clone + Send + 'static,
    {
        self.add(row, datagram_cases(traits, run, pair));
    }

    /// Adds the laws of listeners and protocols for one kind: `row::serving::law`.
    pub(crate) fn serving<S, R, M>(&mut self, row: &str, traits: ServingTraits, run: R, serve: M)
    where
        S: IntoServing<Listener: Listener<Flow: Flow>, Protocol: Protocol<Flow: Flow>>,
        R: Fn(Work) + Clone + Send + 'static,
        M: AsyncFn() -> S + Clone + Send + 'static,
    {
        let cases = serving_cases(traits, run, serve);
        self.add(row, cases.into_iter().map(|case| case.under("serving")));
    }

    /// The same where the flows are datagrams.
    pub(crate) fn datagram_serving<S, R, M>(
        &mut self,
        row: &str,
        traits: ServingTraits,
        run: R,
        serve: M,
    ) where
        S: IntoServing<Listener: Listener<Flow: Datagrams>, Protocol: Protocol<Flow: Datagrams>>,
        R: Fn(Work) + Clone + Send + 'static,
        M: AsyncFn() -> S + Clone + Send + 'static,
    {
        let cases = datagram_serving_cases(traits, run, serve);
        self.add(row, cases.into_iter().map(|case| case.under("serving")));
    }

    /// Adds the laws of resolvers for one kind: `row::law`.
    pub(crate) fn resolver<S, R, M>(&mut self, row: &str, run: R, resolve: M)
    where
        S: IntoResolving,
        R: Fn(Work) + Clone + Send + 'static,
        M: AsyncFn() -> S + Clone + Send + 'static,
    {
        self.add(row, resolver_cases(run, resolve));
    }

    /// Adds cases to a row.
    pub(crate) fn add(&mut self, row: &str, cases: impl IntoIterator<Item = Case>) {
        self.0.extend(cases.into_iter().map(|case| case.under(row)));
    }

    /// The names of all cases.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.0.iter().map(|case| case.name().to_owned()).collect()
    }

    pub(crate) fn into_trials(self) -> Vec<Trial> {
        self.0.into_iter().map(trial).collect()
    }
}

fn trial(case: Case) -> Trial {
    let name = case.name().to_owned();
    Trial::ignorable_test(name, move || match case.run() {
        Ok(()) => Ok(Completion::Completed),
        Err(reason) => Ok(Completion::ignored_with(reason.to_string())),
    })
}

/// Drives a case on a tokio runtime of its own, with one thread.
pub(crate) fn tokio(work: Work) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work);
}
