//! Streams of tokio as flows.

use ::tokio::io::DuplexStream;
use tuyau::tokio::FromTokio;
use tuyau_conformance::Traits;

use crate::list::{List, tokio};

pub(crate) fn rows(list: &mut List) {
    list.flows("from_tokio", Traits::stream(), tokio, pair);
}

async fn pair() -> (FromTokio<DuplexStream>, FromTokio<DuplexStream>) {
    let (near, far) = ::tokio::io::duplex(10_000);
    (FromTokio::new(near), FromTokio::new(far))
}
