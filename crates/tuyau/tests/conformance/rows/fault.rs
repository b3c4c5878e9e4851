//! A fault layer, without faults and with those that change nothing but how much moves at once.

use std::time::Duration;

use tuyau::fault::{self, Fault, Faults, Trouble};
use tuyau_conformance::{Traits, run_in_place};
use tuyau_core::Flow;

use crate::{
    list::List,
    rows,
    support::{HastyTimer, layered},
};

pub(crate) fn rows(list: &mut List) {
    #[cfg(feature = "mem")]
    {
        list.flows("fault_none_mem", Traits::stream(), run_in_place, async || {
            over(rows::mem::pair().await, Trouble::none()).await
        });
        list.flows("fault_short_mem", Traits::stream(), run_in_place, async || {
            over(rows::mem::pair().await, Trouble::none().short(100)).await
        });
        list.flows("fault_delay_mem", Traits::stream(), run_in_place, async || {
            let delay = Trouble::none().delay(Duration::from_millis(20));
            over(rows::mem::pair().await, delay).await
        });
    }
}

/// The same trouble in both directions, on both sides.
pub(crate) async fn over<F: Flow>(
    pair: (F, F),
    trouble: Trouble,
) -> (fault::Flow<F>, fault::Flow<F>) {
    let faults = Faults::none().read(trouble.clone()).write(trouble);
    let layer = Fault::new(HastyTimer::default());
    let acceptor = layer.acceptor(faults.clone());
    layered(pair, layer, &faults, acceptor).await
}
