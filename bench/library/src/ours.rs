//! Our side: everything through a context, a listener and erased flows.

use tokio::sync::mpsc::Sender;
use tuyau::{
    tcp::{self, SystemResolver, Tcp},
    tls,
    tokio::TokioTimer,
};
use tuyau_core::{
    Address, AnyListener, Context, Key, Listener, ListenerExt, ProtocolExt, Registry, ResolverExt,
    Target,
};

use crate::{Lost, Ours, Stack, keys};

/// The options that the peers have as well: no delay, and no probes.
pub fn options() -> tcp::Options {
    tcp::Options::default().keepalive(None)
}

/// A context that knows TCP.
pub fn tcp_context() -> Context {
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::with_options(options()));
    registry.resolver(tcp::KEY, 0, SystemResolver.for_scheme("tcp"));
    registry.freeze(TokioTimer::new())
}

fn listen() -> tcp::Listener {
    let address = "tcp://127.0.0.1:0".parse().expect("an address");
    let listener = tcp::Listener::bind(&address).expect("a free port");
    listener.options(options())
}

/// TCP through our context, listener and erased flows.
pub fn tcp_stack() -> Stack<Ours, Ours> {
    let listener = listen().erase();
    let target = Target::from(listener.address().clone());
    let context = tcp_context();
    Stack::new(
        move || dial(context.clone(), target.clone()),
        serve(listener),
    )
}

/// TLS over TCP through our context, listener and erased flows, with raw keys on both sides.
pub fn tls_stack() -> Stack<Ours, Ours> {
    let acceptor = settings(keys::SERVER).acceptor().expect("good settings");
    let listener = listen().layer("tls", acceptor).expect("a good scheme");
    let listener = listener.erase();
    let (context, target) = tls_context(listener.address().clone());
    Stack::new(
        move || dial(context.clone(), target.clone()),
        serve(listener),
    )
}

/// A context that knows TLS over TCP, and the target of a server at an address.
pub(crate) fn tls_context(server: Address) -> (Context, Target) {
    let mut registry = Registry::new();
    let connector = settings(keys::CLIENT).connector().expect("good settings");
    let protocol = Tcp::with_options(options()).layer(connector);
    registry.protocol(Key::new(), protocol);
    let resolver = SystemResolver.configure::<tls::TlsKey, _>(tls::Peer::of);
    registry.resolver(Key::new(), 0, resolver.for_scheme("tls"));
    let expected = tls::ExpectedPeer(pair(keys::SERVER).public_key());
    let target = Target::from(server).with(expected);
    (registry.freeze(TokioTimer::new()), target)
}

fn pair(seed: [u8; 32]) -> tls::KeyPair {
    tls::KeyPair::from_seed(&seed).expect("a good seed")
}

fn settings(seed: [u8; 32]) -> tls::Settings {
    tls::Settings::new(pair(seed))
}

async fn dial(context: Context, target: Target) -> Result<Ours, Lost> {
    Ok(Ours(context.connect(target).open().await?.flow))
}

fn serve(mut listener: AnyListener) -> impl FnOnce(Sender<Ours>) {
    let serving = |accepted: Sender<Ours>| async move {
        while let Ok(incoming) = listener.accept().await {
            let Ok(flow) = incoming.handshake.await else {
                continue;
            };
            if accepted.send(Ours(flow)).await.is_err() {
                return;
            }
        }
    };
    |accepted| drop(tokio::spawn(serving(accepted)))
}
