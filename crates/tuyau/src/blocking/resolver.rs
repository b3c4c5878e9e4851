//! Host names, resolved by the operating system in a thread.

use std::{
    future::{Future, poll_fn},
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    thread,
};

use tuyau_core::{Answers, Resolver, Target};

use crate::{
    alternate::alternate,
    tcp::{ResolveError, TcpKey},
};

/// Resolves IP addresses at once, and host names by asking the operating system, which it does in a
/// thread for each name. The system also knows the zones of IPv6 addresses by their names, as in
/// `fe80::1%eth0`.
///
/// IPv6 and IPv4 answers alternate, beginning with what the system prefers (RFC 8305, section 4). A
/// lookup that is given up ends by itself, when the system has answered or lost patience; nobody
/// waits for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    type Key = TcpKey;

    fn name(&self) -> &str {
        "system"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<SocketAddr>> {
        let host: Box<str> = target.host()?.into();
        let Some(port) = target.port_number() else {
            let error = ResolveError::no_port(host);
            return Some(Answers::one(Err(error.into())));
        };
        if let Some(endpoint) = target.socket() {
            return Some(Answers::ready([endpoint]));
        }
        Some(Answers::from_future(async move {
            let found = look_up(host.clone(), port).await;
            found.map_err(|error| ResolveError::lookup(host, error).into())
        }))
    }
}

type Found = io::Result<Vec<SocketAddr>>;

/// What the thread has found, and who waits for it.
#[derive(Default)]
struct Lookup {
    found: Option<Found>,
    waker: Option<Waker>,
}

/// Asks the system in a thread of its own, when it is first polled.
fn look_up(host: Box<str>, port: u16) -> impl Future<Output = Found> + Send {
    let mut started: Option<Arc<Mutex<Lookup>>> = None;
    poll_fn(move |cx| {
        let lookup = match &started {
            Some(lookup) => lookup,
            None => started.insert(start(host.clone(), port)?),
        };
        let mut lookup = lookup.lock().unwrap_or_else(PoisonError::into_inner);
        match lookup.found.take() {
            Some(found) => Poll::Ready(found),
            None => {
                lookup.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    })
}

fn start(host: Box<str>, port: u16) -> io::Result<Arc<Mutex<Lookup>>> {
    let lookup = Arc::<Mutex<Lookup>>::default();
    let answer = lookup.clone();
    thread::Builder::new()
        .name(format!("look up {host}"))
        .spawn(move || {
            let found = (&*host, port).to_socket_addrs();
            let found = found.map(|found| alternate(found.collect()));
            let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
            answer.found = Some(found);
            let waker = answer.waker.take();
            drop(answer);
            waker.into_iter().for_each(Waker::wake);
        })?;
    Ok(lookup)
}
