//! Streams of futures-io as flows, under smol's reactor.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use async_net::{TcpListener, TcpStream};
use futures_io::{AsyncRead, AsyncWrite};
use tuyau::{
    futures::{Compat, CompatRead, CompatWrite, FromFutures},
    mem,
};
use tuyau_conformance::{Traits, Work};
use tuyau_core::{Flow, FlowExt};

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
    #[cfg(feature = "mem")]
    list.flows("futures_halves_mem", Traits::stream(), smol, async || {
        let (near, far) = mem::pair();
        (Halves::of(near), Halves::of(far))
    });
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

/// The halves of a flow as one stream.
struct Halves<F>(CompatRead<F>, CompatWrite<F>);

impl<F: Flow> Halves<F> {
    /// The halves as streams, and these as one flow again.
    fn of(flow: F) -> FromFutures<Self> {
        let (read, write) = flow.split();
        let halves = Self(CompatRead::new(read), CompatWrite::new(write));
        FromFutures::new(halves).vectored(true)
    }
}

impl<F: Flow> AsyncRead for Halves<F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<F: Flow> AsyncWrite for Halves<F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.1).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.1).poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.1).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.1).poll_close(cx)
    }
}
