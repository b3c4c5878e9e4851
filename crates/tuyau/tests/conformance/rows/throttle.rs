//! Throttled flows, in virtual time.

use tuyau::throttle::{self, Limits, Rate, Throttle};
use tuyau_conformance::{Traits, run_in_place};
use tuyau_core::Flow;

use crate::{
    list::{self, List},
    rows,
    support::{HastyTimer, layered},
};

pub(crate) fn rows(list: &mut List) {
    #[cfg(feature = "mem")]
    list.flows("throttle_mem", Traits::stream(), run_in_place, async || {
        over(rows::mem::pair().await).await
    });
    #[cfg(feature = "quic")]
    list.flows("throttle_quic", rows::quic::TRAITS, list::tokio, async || {
        over(rows::quic::pair().await).await
    });
}

async fn over<F: Flow>(pair: (F, F)) -> (throttle::Flow<F>, throttle::Flow<F>) {
    let limits = Limits::both(Rate::per_second(100_000).burst(3_000));
    let layer = Throttle::new(HastyTimer::default());
    let acceptor = layer.acceptor(limits);
    layered(pair, layer, &limits, acceptor).await
}
