//! Resolvers: what they find, what they leave to others, and that their lookups stand alone.

use std::net::SocketAddr;

use tuyau::{
    blocking::{self, block_on},
    hosts::Hosts,
    mem::NameResolver,
    tcp::{self, TcpKey},
};
use tuyau_conformance::{Resolving, Work, run_in_place};
use tuyau_core::{Address, Answers, Literal, Resolver, Table, Target, from_function};

use crate::{
    list::{List, tokio},
    name_server::{Server, address},
};

pub(crate) fn rows(list: &mut List) {
    list.resolver("system", tokio, async || local(tcp::SystemResolver));
    let thread = |work: Work| block_on(work);
    list.resolver("blocking_system", thread, async || local(blocking::SystemResolver));
    list.resolver("dns", tokio, async || {
        // A name that this server alone knows, so that every lookup has to ask it.
        let server = Server::start().await;
        let server = server.has("here.example", ["127.0.0.1"].map(address));
        let server = server.has("here.example", ["::1"].map(address));
        Resolving::new(server.dns(), Target::name("here.example").port(7), is_local)
    });
    list.resolver("hosts", run_in_place, async || {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("hosts");
        std::fs::write(&file, "127.0.0.1 localhost\n").unwrap();
        local(Hosts::<TcpKey>::at(&file)).keep(directory)
    });
    list.resolver("mem_name", run_in_place, async || {
        Resolving::new(NameResolver, Target::name("here"), |name| **name == *"here")
    });
    core(list);
}

/// The resolvers of the core.
fn core(list: &mut List) {
    let elsewhere = || Target::name("elsewhere").port(7);
    list.resolver("table", run_in_place, async move || {
        let table = Table::<TcpKey>::new().with("localhost", endpoint());
        local(table).leaves(elsewhere())
    });
    list.resolver("from_function", run_in_place, async move || {
        let local_only = |target: &Target| {
            let is_local = target.host() == Some("localhost");
            is_local.then(|| Answers::ready([endpoint()]))
        };
        local(from_function::<TcpKey, _>("local only", local_only)).leaves(elsewhere())
    });
    list.resolver("literal", run_in_place, async move || {
        let address: Address = "tcp://127.0.0.1:7".parse().unwrap();
        Resolving::new(Literal::<TcpKey>::new(), address, is_local).leaves(elsewhere())
    });
}

fn endpoint() -> SocketAddr {
    "127.0.0.1:7".parse().unwrap()
}

/// A resolver that knows this machine by its usual name.
fn local<R: Resolver<Key = TcpKey>>(resolver: R) -> Resolving<R> {
    Resolving::new(resolver, Target::name("localhost").port(7), is_local)
}

fn is_local(endpoint: &SocketAddr) -> bool {
    endpoint.ip().is_loopback() && endpoint.port() == 7
}
