//! Noise in both patterns, and over a lower flow that takes little at once.

use tuyau::{mem, noise};
use tuyau_conformance::{Traits, run_in_place};
use tuyau_core::Flow;

use crate::{list::List, rows, support::layered};

const TRAITS: Traits = Traits::stream().tells_truncation();

pub(crate) fn rows(list: &mut List) {
    #[cfg(feature = "mem")]
    {
        use noise::Pattern::{Ik, Xx};
        list.flows("noise_xx_mem", TRAITS, run_in_place, async || {
            over(rows::mem::pair().await, Xx).await
        });
        list.flows("noise_ik_mem", TRAITS, run_in_place, async || {
            over(rows::mem::pair().await, Ik).await
        });
        list.flows("noise_narrow_mem", TRAITS, run_in_place, async || {
            over(mem::pair_with_capacity(5_000), Xx).await
        });
    }
}

/// Noise with fresh keys over two connected flows.
pub(crate) async fn over<F: Flow>(
    pair: (F, F),
    pattern: noise::Pattern,
) -> (noise::Flow<F>, noise::Flow<F>) {
    let key = noise::KeyPair::generate().unwrap();
    let expected = noise::Peer::key(key.public_key());
    let acceptor = noise::Acceptor::new(key);
    let key = noise::KeyPair::generate().unwrap();
    let connector = noise::Connector::new(key, pattern);
    layered(pair, connector, &expected, acceptor).await
}
