//! Counts what a context, an erased flow and an idle connection allocate, and judges: the numbers do
//! not depend on the machine's speed.

mod budgets;

use std::{
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use budgets::{Budget, CONNECT, IDLE_TCP, IDLE_TLS, Judge, TCP_TRIPS, TLS_TRIPS};
use library::{
    Dispatch, End, Lost, Pattern, Silent, Stack, raw_tcp_stack, raw_tls_stack, round_trips,
    runtime, serve_idle, tcp_stack, tls_stack,
};
use rustls::crypto::ring;
use tokio::runtime::Runtime;
use tuyau_core::{AnyDatagrams, AnyFlow, DatagramsExt, FlowExt};

/// How many idle connections are counted together.
const IDLE: usize = 64;

fn main() -> ExitCode {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut judge = Judge::default();
    calls(&mut judge);
    dispatch(&mut judge);
    round_trip(&runtime, &mut judge);
    idle(&runtime, &mut judge);
    judge.verdict()
}

/// What 1000 calls of each kind allocate through an erased flow and erased datagrams.
fn calls(judge: &mut Judge) {
    let mut flow = AnyFlow::new(Silent);
    let mut datagrams = AnyDatagrams::new(Silent);
    let mut buffer = [0; 16];
    let counted = measure(|| {
        for _ in 0..1000 {
            now(flow.read(&mut buffer));
            now(flow.write_all(&buffer));
            now(std::future::poll_fn(|cx| {
                tuyau_core::Flow::poll_write_vectored(&mut flow, cx, &[&buffer, &buffer])
            }));
            now(flow.flush());
            now(datagrams.send(&buffer));
            now(datagrams.receive(&mut buffer));
        }
    });
    let what = "6000 calls of an erased flow and of erased datagrams";
    println!("| what | allocations |");
    println!("|---|---:|");
    println!("| {what} (none allowed) | {} |", counted.count_total);
    judge.check(what, counted.count_total, 0, "allocations");
}

fn now(future: impl Future) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(_)), "it does not wait");
}

/// What a connect without I/O allocates.
fn dispatch(judge: &mut Judge) {
    for (resolvers, most) in CONNECT {
        let dispatch = Dispatch::new(resolvers);
        dispatch.connect();
        let counted = measure(|| dispatch.connect());
        let (count, bytes) = (counted.count_total, counted.bytes_total);
        let what = format!("a connect without I/O, {resolvers} resolver(s)");
        println!(
            "| {what}, {bytes} B in all (at most {}, and {} B) | {count} |",
            most.allocations, most.bytes
        );
        judge.check(&what, count, most.allocations, "allocations");
        judge.check(&what, bytes, most.bytes, "bytes");
        let kept = u64::try_from(counted.count_current).unwrap_or(0);
        judge.check(&what, kept, 0, "allocations that are kept");
    }
}

/// What reads and writes allocate over sockets, beside the same by hand: both ends and the runtime.
fn round_trip(runtime: &Runtime, judge: &mut Judge) {
    let pattern = Arc::new(Pattern::new());
    let mut row = |name: &str, counted: Result<u64, Lost>, most: Option<u64>| {
        let what = format!("1000 round trips, {name}");
        let allowed = most.map(|most| format!(" (at most {most})"));
        let allowed = allowed.unwrap_or_default();
        match counted {
            Ok(count) => {
                println!("| {what}{allowed} | {count} |");
                judge.check(&what, count, most.unwrap_or(count), "allocations");
            }
            Err(lost) => judge.lost(&what, &lost),
        }
    };
    let tcp = allocations(runtime, &pattern, tcp_stack());
    row("TCP, tuyau", tcp, Some(TCP_TRIPS));
    let tcp = allocations(runtime, &pattern, raw_tcp_stack());
    row("TCP, tokio", tcp, None);
    let tls = allocations(runtime, &pattern, tls_stack());
    row("TLS, tuyau", tls, Some(TLS_TRIPS));
    let tls = allocations(runtime, &pattern, raw_tls_stack(&ring::default_provider()));
    row("TLS, tokio-rustls", tls, None);
    println!();
}

/// The allocations of 1000 more round trips on a connection.
fn allocations<N: End, F: End>(
    runtime: &Runtime,
    pattern: &Arc<Pattern>,
    mut stack: Stack<N, F>,
) -> Result<u64, Lost> {
    let mut count = |trips| {
        let mut result = Ok(());
        let counted = measure(|| {
            let trips = round_trips(pattern.clone(), &mut stack, trips);
            result = runtime.block_on(trips).map(drop);
        });
        result.map(|()| counted.count_total)
    };
    // The same work to warm up; connections of both lengths allocate the same to begin with.
    count(8000)?;
    let (long, short) = (count(8800)?, count(8000)?);
    // 8800 trips are 900 more than 8000, with an eighth more of each to warm up.
    Ok((long.saturating_sub(short)) * 1000 / 900)
}

/// What an idle connection keeps allocated on the client's side, the stream itself included.
fn idle(runtime: &Runtime, judge: &mut Judge) {
    println!("| an idle connection | bytes | allocations |");
    println!("|---|---:|---:|");
    for (tls, names, most) in [
        (false, ["TCP, tokio, boxed", "TCP, tuyau, erased"], IDLE_TCP),
        (
            true,
            ["TLS, tokio-rustls, boxed", "TLS, tuyau, erased"],
            IDLE_TLS,
        ),
    ] {
        let server = serve_idle(tls);
        held(judge, names[0], None, || runtime.block_on(server.raw()));
        held(judge, names[1], Some(most), || {
            runtime.block_on(server.ours())
        });
    }
}

fn held<T>(
    judge: &mut Judge,
    name: &str,
    most: Option<Budget>,
    connect: impl Fn() -> Result<T, Lost>,
) {
    let what = format!("an idle connection, {name}");
    let mut held = Vec::with_capacity(IDLE + 1);
    let mut more = |count| (0..count).try_for_each(|_| connect().map(|stream| held.push(stream)));
    // What the first connection allocates once and for all.
    let mut result = more(1);
    let counted = measure(|| {
        if result.is_ok() {
            result = more(IDLE);
        }
    });
    if let Err(lost) = result {
        return judge.lost(&what, &lost);
    }
    let each = |kept: i64| u64::try_from(kept).unwrap_or(0).div_ceil(IDLE as u64);
    let (bytes, count) = (each(counted.bytes_current), each(counted.count_current));
    let Some(most) = most else {
        return println!("| {name} | {bytes} | {count} |");
    };
    println!(
        "| {name} (at most {} B in {}) | {bytes} | {count} |",
        most.bytes, most.allocations
    );
    judge.check(&what, bytes, most.bytes, "bytes");
    judge.check(&what, count, most.allocations, "allocations");
}
