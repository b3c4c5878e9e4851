//! For who writes an application: plug protocols and resolvers together, connect by name, and read
//! what was tried.
//!
//! The name is `kitchen`. It has two addresses; nobody listens at the first one.

use std::{
    error::Error,
    net::{SocketAddr, TcpListener},
};

use tuyau::{
    tcp::{self, Tcp, TcpKey},
    tls::{self, KeyPair, PublicKey, TlsKey},
    tokio::TokioTimer,
};
use tuyau_core::{
    Context, FlowExt, Key, Listener, ListenerExt, Outcome, PeerAddress, ProtocolExt, Registry,
    ResolverExt, Security, Table, Target,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let (address, server_key) = serve().await?;
    let context = plug(&[closed_port()?, address])?;

    // Who must answer is part of the target; nobody is trusted for having answered first.
    let target = Target::name("kitchen").with(tls::ExpectedPeer(server_key));
    let connect = context.connect(target).at_least(Security::Authenticated);
    println!("what would be tried:\n{}", connect.clone().plan().await);

    let mut connected = connect.open().await?;
    println!("what was tried:\n{}", connected.report);

    connected.flow.write_all(b"tea?").await?;
    connected.flow.close_write().await?;
    let mut answer = [0; 4];
    connected.flow.read_exact(&mut answer).await?;

    // The report has a row for each attempt, and a flow knows what each of its layers knows.
    let outcomes: Vec<_> = connected
        .report
        .attempts
        .iter()
        .map(|row| &row.outcome)
        .collect();
    assert!(matches!(outcomes[..], [Outcome::Failed(_), Outcome::Won]));
    assert_eq!(connected.flow.info(), Some(&tls::PeerKey(server_key)));
    let peer = connected.flow.info::<PeerAddress>().map(|peer| &peer.0);
    assert_eq!(peer.and_then(|peer| peer.socket()), Some(address));
    assert_eq!(&answer, b"tea!");
    println!("the kitchen answered: {}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// One protocol, TLS over TCP, and one resolver for it: a table that knows the kitchen.
fn plug(kitchen: &[SocketAddr]) -> Result<Context> {
    let connector = tls::Settings::new(KeyPair::generate()?).connector()?;
    let table = kitchen
        .iter()
        .fold(Table::<TcpKey>::new(), |table, address| {
            table.with("kitchen", *address)
        });

    let mut registry = Registry::new();
    registry.protocol(Key::new(), Tcp::new().layer(connector));
    registry.resolver(Key::new(), 0, table.configure::<TlsKey, _>(tls::Peer::of));
    Ok(registry.freeze(TokioTimer::new()))
}

/// Serves one guest, over the same stack seen from the other side.
async fn serve() -> Result<(SocketAddr, PublicKey)> {
    let key = KeyPair::generate()?;
    let public = key.public_key();
    let acceptor = tls::Settings::new(key).acceptor()?;
    let listener = tcp::Listener::bind(&"tcp://127.0.0.1:0".parse()?)?;
    let mut listener = listener.layer("tls", acceptor)?;
    let address = listener.address().socket().ok_or("no IP endpoint")?;

    tokio::spawn(async move {
        let mut flow = listener.accept().await?.handshake.await?;
        let mut question = [0; 4];
        flow.read_exact(&mut question).await?;
        question[3] = b'!';
        flow.write_all(&question).await?;
        flow.close_write().await?;
        Result::Ok(())
    });
    Ok((address, public))
}

/// An address at which nobody listens.
fn closed_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
