//! Connections that only stay open.

use std::{
    net::SocketAddr,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use rustls::crypto::ring::default_provider;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tuyau_core::{Address, AnyFlow, Context, FlowExt, Target};

use crate::{Lost, ours, raw};

/// A server in a thread of its own, whose allocations are not those of the client's thread.
pub struct Idle {
    address: SocketAddr,
    tls: bool,
    connector: TlsConnector,
    context: Context,
    target: Target,
    _server: JoinHandle<()>,
}

/// Serves connections that say hello and then nothing, under TLS or not.
pub fn serve_idle(tls: bool) -> Idle {
    let (sender, receiver) = mpsc::channel();
    let server = thread::spawn(move || {
        runtime().block_on(async move {
            let (listener, address) = raw::listen_raw();
            let acceptor = tls.then(|| raw::acceptor(&default_provider()));
            let _ = sender.send(address);
            while let Ok((stream, _)) = listener.accept().await {
                match acceptor.clone() {
                    None => drop(tokio::spawn(hello(stream))),
                    Some(acceptor) => drop(tokio::spawn(async move {
                        hello(acceptor.accept(stream).await?).await
                    })),
                }
            }
        });
    });
    let address = receiver.recv().expect("the server runs");
    let scheme = if tls { "tls" } else { "tcp" };
    let named = Address::from_socket(scheme, address).expect("a good scheme");
    let (context, target) = match tls {
        true => ours::tls_context(named),
        false => (ours::tcp_context(), named.into()),
    };
    Idle {
        address,
        tls,
        connector: raw::connector(&default_provider()),
        context,
        target,
        _server: server,
    }
}

/// A runtime of one thread.
pub fn runtime() -> Runtime {
    let built = Builder::new_current_thread().enable_all().build();
    built.expect("a runtime")
}

async fn hello(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    stream.write_all(b"hello").await?;
    stream.flush().await?;
    stream.read_u8().await?;
    Ok(())
}

impl Idle {
    /// A connection of ours, erased.
    ///
    /// # Errors
    /// When it fails.
    pub async fn ours(&self) -> Result<AnyFlow, Lost> {
        let mut flow = self.context.connect(self.target.clone()).open().await?.flow;
        flow.read_exact(&mut [0; 5]).await?;
        Ok(flow)
    }

    /// A connection of tokio's or tokio-rustls's, in a box as an erased one is.
    ///
    /// # Errors
    /// When it fails.
    pub async fn raw(&self) -> Result<RawStream, Lost> {
        let mut stream = if self.tls {
            let stream = raw::shake(&self.connector, self.address).await?;
            RawStream::Tls(Box::new(stream))
        } else {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            RawStream::Tcp(Box::new(stream))
        };
        let mut hello = [0; 5];
        match &mut stream {
            RawStream::Tcp(stream) => stream.read_exact(&mut hello).await?,
            RawStream::Tls(stream) => stream.read_exact(&mut hello).await?,
        };
        Ok(stream)
    }
}

/// A connection that was made by hand.
pub enum RawStream {
    /// TCP.
    Tcp(Box<TcpStream>),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}
