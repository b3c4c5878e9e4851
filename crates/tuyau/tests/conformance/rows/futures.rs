//! Streams of futures-io as flows, under smol's reactor.

use async_net::{TcpListener, TcpStream};
use tuyau::{
    futures::{Compat, FromFutures},
    mem,
};
use tuyau_conformance::{Traits, Work};

use crate::{list::List, rows};

type Tcp = FromFutures<TcpStream>;

pub(crate) fn rows(list: &mut List) {
    list.flows("smol_tcp", Traits::stream(), smol, tcp);
    #[cfg(feature = "tls")]
    list.flows("tls_smol_tcp", rows::tls::TRAITS, smol, async || {
        rows::tls::over(tcp().await).await
    });
    #[cfg(feature = "mem")]
    list.flows("from_futures", Traits::stream(), smol, there_and_back);
}

fn smol(work: Work) {
    async_io::block_on(work);
}

async fn tcp() -> (Tcp, Tcp) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap();
    let near = TcpStream::connect(endpoint).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    let flow = |stream| FromFutures::new(stream).vectored(true);
    (flow(near), flow(far))
}

/// Flows as streams, and these as flows again.
async fn there_and_back() -> (FromFutures<Compat<mem::Flow>>, FromFutures<Compat<mem::Flow>>) {
    let (near, far) = mem::pair();
    let flow = |flow| FromFutures::new(Compat::new(flow)).vectored(true);
    (flow(near), flow(far))
}
