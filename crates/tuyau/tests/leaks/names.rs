//! Names that are looked up.

use std::{net::SocketAddr, time::Duration};

use tuyau::{
    dns::Dns,
    tcp::{self, SystemResolver, Tcp, TcpKey},
    tokio::TokioTimer,
};
use tuyau_core::{Context, Registry, Resolver, Target};

use crate::{
    held::alone,
    servers::{End, Server, connect_ends, serve_datagrams},
};

fn context(resolver: impl Resolver<Key = TcpKey>) -> Context {
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::new());
    registry.resolver(tcp::KEY, 0, resolver);
    registry.freeze(TokioTimer::new())
}

fn dns(server: SocketAddr, patience: Duration) -> Context {
    let dns = Dns::servers(&[server]).unwrap();
    context(dns.timeout(patience).deadline(patience))
}

fn target() -> Target {
    Target::name("x.example").port(7)
}

#[test]
fn dns_servers_that_are_silent_babble_or_are_gone_end_by_the_deadline() {
    alone(async || {
        for server in [Server::Silent, Server::Babbling, Server::Closing] {
            let (address, _serving) = serve_datagrams(server).await;
            let context = dns(address, Duration::from_secs(3_600));
            let name = format!("dns, {server:?}");
            connect_ends(&name, context.connect(target()), "resolve", End::TimedOut).await;
        }
    });
}

#[test]
fn a_name_that_the_system_does_not_know_fails_at_the_stage_resolve() {
    alone(async || {
        // RFC 6761, section 6.4; with a label that is too long, so that nobody has to be asked.
        let name = format!("{}.invalid", "x".repeat(64));
        let context = context(SystemResolver);
        let connect = context.connect(Target::name(&name).port(7));
        connect_ends(
            "system resolver",
            connect,
            "resolve",
            End::Failed("cannot be resolved"),
        )
        .await;
    });
}
