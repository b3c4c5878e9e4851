//! One address among three that never answers: how long connecting takes.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::{Duration, Instant},
};

use library::{BlackHole, Lost, listen_raw, options, quartiles};
use tokio::runtime::Runtime;
use tuyau::{
    tcp::{self, Tcp, TcpKey},
    tokio::TokioTimer,
};
use tuyau_core::{Flow, Registry, Table, Target};

/// The stagger of RFC 8305, which ours has by default.
const STAGGER: Duration = Duration::from_millis(250);

/// What our median may be: one stagger, and as much again for a machine that is busy with other work.
/// It is half of what hyper-util takes where all addresses are of one family.
const MOST: Duration = STAGGER.saturating_mul(2);

/// How long hyper-util may try all addresses of one family together; by default there is no bound
/// but the system's, which is minutes.
#[cfg(feature = "peers")]
const TIMEOUT: Duration = Duration::from_secs(3);

/// Prints how long each contender takes; whether all of them connected, and ours in time.
pub fn run(runtime: &Runtime, times: usize) -> bool {
    println!(
        "One address of three never answers: a listening socket on loopback with a full queue.\n"
    );
    println!("| addresses | contender | lower quartile | median | upper quartile | unit |");
    println!("|---|---|---:|---:|---:|---|");
    let (listener, good) = listen_raw();
    runtime.spawn(async move { while listener.accept().await.is_ok() {} });
    let four = BlackHole::new(Ipv4Addr::LOCALHOST.into());
    let six = BlackHole::new(IpAddr::from(Ipv6Addr::LOCALHOST));
    let mut whole = true;
    for (what, hole) in [
        ("dead IPv4, IPv4, IPv4", four),
        ("dead IPv6, IPv4, IPv4", six),
    ] {
        match hole {
            Ok(hole) => {
                let addresses = [hole.address(), good, good];
                whole &= contenders(runtime, what, &addresses, times);
            }
            Err(error) => {
                println!("| {what} | | | not run: {error} | | |");
                whole &= error.is_expected();
            }
        }
    }
    println!();
    whole
}

fn contenders(runtime: &Runtime, what: &str, addresses: &[SocketAddr; 3], times: usize) -> bool {
    let table = addresses
        .iter()
        .fold(Table::<TcpKey>::new(), |table, &address| {
            table.with("service", address)
        });
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::with_options(options()));
    registry.resolver(tcp::KEY, 0, table);
    let context = registry.freeze(TokioTimer::new());
    let ours = || async {
        let connect = context.connect(Target::name("service"));
        connect.open().await?.flow.abort();
        Ok(())
    };
    let median = row(runtime, what, "tuyau", times, ours);
    let in_time = median.is_none_or(|median| median <= MOST);
    if !in_time {
        eprintln!("{what}: tuyau takes more than {} ms", MOST.as_millis());
    }
    let whole = peers(runtime, what, addresses, times);
    whole && in_time && median.is_some()
}

#[cfg(feature = "peers")]
fn peers(runtime: &Runtime, what: &str, addresses: &[SocketAddr; 3], times: usize) -> bool {
    let race = || library::peers::race(addresses.to_vec(), STAGGER, Some(TIMEOUT));
    row(runtime, what, "hyper-util, at most 3 s", times, race).is_some()
}

#[cfg(not(feature = "peers"))]
fn peers(_: &Runtime, _: &str, _: &[SocketAddr; 3], _: usize) -> bool {
    true
}

/// Prints a row, and gives the median, unless something was lost.
fn row<D>(
    runtime: &Runtime,
    what: &str,
    name: &str,
    times: usize,
    connect: impl Fn() -> D,
) -> Option<Duration>
where
    D: Future<Output = Result<(), Lost>>,
{
    let timed = |_| {
        let began = Instant::now();
        runtime.block_on(connect())?;
        Ok(began.elapsed().as_secs_f64())
    };
    let times: Result<Vec<f64>, Lost> = (0..times).map(timed).collect();
    match times {
        Ok(times) => {
            let quartiles = quartiles(&times);
            let [low, median, high] = quartiles.map(|seconds| seconds * 1e3);
            println!("| {what} | {name} | {low:.1} | {median:.1} | {high:.1} | ms |");
            Some(Duration::from_secs_f64(quartiles[1]))
        }
        Err(lost) => {
            println!("| {what} | {name} | | not counted: {lost} | | |");
            None
        }
    }
}
