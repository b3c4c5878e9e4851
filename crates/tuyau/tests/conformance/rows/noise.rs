//! Noise in both patterns, and over a lower flow that takes little at once.

use tuyau::{mem, noise};
use tuyau_conformance::{Serving, ServingTraits, Traits, run_in_place};
use tuyau_core::{Flow, ListenerExt, ProtocolExt};

use crate::{
    list::{List, tokio},
    rows,
    support::layered,
};

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
        // An address does not say whose key is expected.
        let traits = ServingTraits::new().without_endpoint_in_address();
        for (row, pattern) in [("noise_xx_mem", Xx), ("noise_ik_mem", Ik)] {
            list.serving(row, traits, run_in_place, async move || {
                let hub = mem::Hub::new();
                let (connector, expected, acceptor) = sides(pattern);
                let listener = hub.listen("here").unwrap();
                let listener = listener.layer("noise+mem", acceptor).unwrap();
                let protocol = mem::Protocol::new(hub).layer(connector);
                Serving::new(listener, protocol, ("here".into(), expected))
            });
        }
    }
    #[cfg(feature = "tcp")]
    list.flows("noise_xx_tcp", TRAITS, tokio, async || {
        over(rows::tcp::pair().await, noise::Pattern::Xx).await
    });
    #[cfg(feature = "quic")]
    list.flows("noise_xx_quic", rows::quic::TRAITS, tokio, async || {
        over(rows::quic::pair().await, noise::Pattern::Xx).await
    });
}

/// Noise with fresh keys over two connected flows.
pub(crate) async fn over<F: Flow>(
    pair: (F, F),
    pattern: noise::Pattern,
) -> (noise::Flow<F>, noise::Flow<F>) {
    let (connector, expected, acceptor) = sides(pattern);
    layered(pair, connector, &expected, acceptor).await
}

/// Both sides, and whom the dialling one expects.
fn sides(pattern: noise::Pattern) -> (noise::Connector, noise::Peer, noise::Acceptor) {
    let key = noise::KeyPair::generate().unwrap();
    let expected = noise::Peer::key(key.public_key());
    let acceptor = noise::Acceptor::new(key);
    let key = noise::KeyPair::generate().unwrap();
    (noise::Connector::new(key, pattern), expected, acceptor)
}
