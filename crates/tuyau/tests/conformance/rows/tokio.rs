//! Streams of tokio as flows.

use ::tokio::io::{DuplexStream, Join, join};
use tuyau::{
    mem,
    tokio::{CompatRead, CompatWrite, FromTokio},
};
use tuyau_conformance::Traits;
use tuyau_core::{Flow, FlowExt};

use crate::list::{List, tokio};

pub(crate) fn rows(list: &mut List) {
    list.flows("from_tokio", Traits::stream(), tokio, pair);
    #[cfg(feature = "mem")]
    list.flows("tokio_halves_mem", Traits::stream(), tokio, async || {
        let (near, far) = mem::pair();
        (halved(near), halved(far))
    });
}

async fn pair() -> (FromTokio<DuplexStream>, FromTokio<DuplexStream>) {
    let (near, far) = ::tokio::io::duplex(10_000);
    (FromTokio::new(near), FromTokio::new(far))
}

/// The halves of a flow as streams, and these as one flow again.
fn halved<F: Flow>(flow: F) -> FromTokio<Join<CompatRead<F>, CompatWrite<F>>> {
    let (read, write) = flow.split();
    FromTokio::new(join(CompatRead::new(read), CompatWrite::new(write)))
}
