//! What is measured of whom.

use std::{net::SocketAddr, rc::Rc, sync::Arc};

use library::{
    Bulk, Busy, Case, Contender, Counter, Dispatch, End, Lost, Pattern, RawTls, Stack, connections,
    handshakes, listen_raw, raw_tcp_stack, raw_tls_stack, round_trips, tcp_context, tcp_stack,
    tls_stack,
};
use rustls::crypto::ring;
use tokio::net::TcpStream;
use tuyau::tls;
use tuyau_core::{Address, Flow, Target};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Every case.
pub fn all() -> Vec<Case> {
    let pattern = Arc::new(Pattern::new());
    let mut all = Vec::new();
    for (what, bulk) in [
        ("TCP, 256 B", Bulk::new(&pattern, 256)),
        ("TCP, 4 KiB", Bulk::new(&pattern, 4 * KIB)),
        ("TCP, 64 KiB", Bulk::new(&pattern, 64 * KIB)),
        (
            "TCP, 1 MiB in 16 slices",
            Bulk::new(&pattern, MIB).vectored(),
        ),
    ] {
        let raw = bulk_of("tokio", raw_tcp_stack(), &bulk);
        let ours = bulk_of("tuyau", tcp_stack(), &bulk);
        all.push(Case::new(what, "MB/s", bulk.megabytes(), vec![raw, ours]));
    }
    for (what, bulk) in [
        ("TLS, 4 KiB", Bulk::new(&pattern, 4 * KIB)),
        ("TLS, 64 KiB", Bulk::new(&pattern, 64 * KIB)),
    ] {
        let mut tls = raw_tls(|name, stack| bulk_of(name, stack, &bulk));
        tls.push(bulk_of("tuyau", tls_stack(), &bulk));
        all.push(Case::new(what, "MB/s", bulk.megabytes(), tls));
    }
    let raw = trips_of("tokio", raw_tcp_stack(), &pattern);
    let ours = trips_of("tuyau", tcp_stack(), &pattern);
    all.push(Case::new("TCP, round trips", "/s", 1.0, vec![raw, ours]));
    let mut tls = raw_tls(|name, stack| trips_of(name, stack, &pattern));
    tls.push(trips_of("tuyau", tls_stack(), &pattern));
    all.push(Case::new("TLS, round trips", "/s", 1.0, tls));
    let mut tls = raw_tls(handshakes_of);
    tls.push(handshakes_of("tuyau", tls_stack()));
    all.push(Case::new("TLS, handshakes", "/s", 1.0, tls));
    let connecting = connecting();
    all.push(Case::new("TCP, connections", "/s", 1.0, connecting));
    // Each by itself: turns are as long as those of the first contender.
    for resolvers in [1, 4, 16, 64] {
        let dispatching = vec![dispatching(resolvers)];
        all.push(Case::new("dispatch", "/s", 1.0, dispatching));
    }
    all
}

/// tokio-rustls twice: as ring comes, and with the cipher suite that ours takes.
fn raw_tls(contender: impl Fn(&'static str, RawTls) -> Contender) -> Vec<Contender> {
    vec![
        contender("tokio-rustls", raw_tls_stack(&ring::default_provider())),
        contender(
            "tokio-rustls, our suite",
            raw_tls_stack(&tls::default_provider()),
        ),
    ]
}

fn bulk_of<N: End, F: End>(name: &'static str, mut stack: Stack<N, F>, bulk: &Bulk) -> Contender {
    let bulk = bulk.clone();
    Contender::new(name, move |runtime, pieces| {
        runtime.block_on(bulk.clone().run(&mut stack, pieces))
    })
}

fn trips_of<N: End, F: End>(
    name: &'static str,
    mut stack: Stack<N, F>,
    pattern: &Arc<Pattern>,
) -> Contender {
    let pattern = pattern.clone();
    Contender::new(name, move |runtime, count| {
        runtime.block_on(round_trips(pattern.clone(), &mut stack, count))
    })
}

fn handshakes_of<N: End, F: End>(name: &'static str, mut stack: Stack<N, F>) -> Contender {
    Contender::new(name, move |runtime, count| {
        runtime.block_on(handshakes(&mut stack, count))
    })
}

/// Those that connect to one and the same server, which accepts and counts.
fn connecting() -> Vec<Contender> {
    let (listener, server) = listen_raw();
    let accepted = Counter::default();
    let counter = accepted.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.add();
            drop(stream);
        }
    });
    let raw = move || async move {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        stream.set_zero_linger()?;
        Ok(())
    };
    let context = Rc::new(tcp_context());
    let target = Target::from(Address::from_socket("tcp", server).expect("a good scheme"));
    let ours = move || {
        let (context, target) = (context.clone(), target.clone());
        async move {
            let mut flow = context.connect(target).open().await?.flow;
            flow.abort();
            Ok(())
        }
    };
    let mut all = vec![
        connections_of("tokio", &accepted, raw),
        connections_of("tuyau", &accepted, ours),
    ];
    all.extend(peers(&accepted, server));
    all
}

#[cfg(feature = "peers")]
fn peers(accepted: &Counter, server: SocketAddr) -> Vec<Contender> {
    use library::peers::{Hyper, Libp2p};
    let hyper = Rc::new(Hyper::new(server));
    let libp2p = Rc::new(Libp2p::new(server));
    let hyper = move || {
        let hyper = hyper.clone();
        async move { hyper.connect().await }
    };
    let libp2p = move || {
        let libp2p = libp2p.clone();
        async move { libp2p.connect().await }
    };
    vec![
        connections_of("hyper-util", accepted, hyper),
        connections_of("libp2p", accepted, libp2p),
    ]
}

#[cfg(not(feature = "peers"))]
fn peers(_accepted: &Counter, _server: SocketAddr) -> Vec<Contender> {
    Vec::new()
}

fn connections_of<D>(
    name: &'static str,
    accepted: &Counter,
    dial: impl Fn() -> D + 'static,
) -> Contender
where
    D: Future<Output = Result<(), Lost>> + 'static,
{
    let accepted = accepted.clone();
    Contender::new(name, move |runtime, count| {
        runtime.block_on(connections(accepted.clone(), &dial, count))
    })
}

fn dispatching(resolvers: u16) -> Contender {
    let dispatch = Dispatch::new(resolvers);
    let name = match resolvers {
        1 => "1 resolver",
        4 => "4 resolvers",
        16 => "16 resolvers",
        _ => "64 resolvers",
    };
    Contender::new(name, move |_, count| {
        let began = Busy::now();
        (0..count).for_each(|_| dispatch.connect());
        Ok(began.elapsed())
    })
}
