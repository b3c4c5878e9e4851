//! Counts what a context, an erased flow and an idle connection allocate, and judges: the numbers do
//! not depend on the machine's speed.

use std::{
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use library::{
    Dispatch, End, Lost, Pattern, Silent, Stack, raw_tcp_stack, raw_tls_stack, round_trips,
    runtime, serve_idle, tcp_stack, tls_stack,
};
use tokio::runtime::Runtime;
use tuyau_core::{AnyDatagrams, AnyFlow, DatagramsExt, FlowExt};

/// The most allocations of one connect with one resolver and one protocol.
const MOST_TO_CONNECT: u64 = 20;

/// How many idle connections are counted together.
const IDLE: usize = 64;

fn main() -> ExitCode {
    let runtime = runtime();
    let _entered = runtime.enter();
    let kept = [calls(), dispatch(), round_trip(&runtime), idle(&runtime)];
    match kept.into_iter().all(|kept| kept) {
        true => ExitCode::SUCCESS,
        false => {
            eprintln!("more was allocated than is allowed");
            ExitCode::FAILURE
        }
    }
}

/// What 1000 calls of each kind allocate through an erased flow and erased datagrams.
fn calls() -> bool {
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
    println!("| what | allocations |");
    println!("|---|---:|");
    let count = counted.count_total;
    println!("| 6000 calls of an erased flow and of erased datagrams (none allowed) | {count} |");
    count == 0
}

fn now(future: impl Future) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(_)), "it does not wait");
}

/// What a connect without I/O allocates.
fn dispatch() -> bool {
    let mut kept = true;
    for resolvers in [1, 4, 16, 64] {
        let dispatch = Dispatch::new(resolvers);
        dispatch.connect();
        let AllocationInfo {
            count_total,
            bytes_total,
            count_current,
            ..
        } = measure(|| dispatch.connect());
        print!("| a connect without I/O, {resolvers} resolver(s), {bytes_total} B in all");
        if resolvers == 1 {
            print!(" (at most {MOST_TO_CONNECT})");
            kept = count_total <= MOST_TO_CONNECT;
        }
        println!(" | {count_total} |");
        kept &= count_current == 0;
    }
    kept
}

/// What reads and writes allocate over sockets, beside the same by hand: both ends and the runtime.
fn round_trip(runtime: &Runtime) -> bool {
    let pattern = Arc::new(Pattern::new());
    let mut kept = true;
    let mut row = |name: &str, counted: Result<u64, Lost>, most: Option<u64>| match counted {
        Ok(count) => {
            println!("| 1000 round trips, {name} | {count} |");
            kept &= most.is_none_or(|most| count <= most);
        }
        Err(lost) => {
            println!("| 1000 round trips, {name} | not counted: {lost} |");
            kept = false;
        }
    };
    let tcp = allocations(runtime, &pattern, tcp_stack());
    row("TCP, tuyau (none allowed)", tcp, Some(0));
    let tcp = allocations(runtime, &pattern, raw_tcp_stack());
    row("TCP, tokio", tcp, None);
    let tls = allocations(runtime, &pattern, tls_stack());
    row("TLS, tuyau", tls, None);
    let tls = allocations(runtime, &pattern, raw_tls_stack());
    row("TLS, tokio-rustls", tls, None);
    println!();
    kept
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
fn idle(runtime: &Runtime) -> bool {
    println!("| an idle connection | bytes | allocations |");
    println!("|---|---:|---:|");
    let mut kept = true;
    for (tls, names) in [
        (false, ["TCP, tokio, boxed", "TCP, tuyau, erased"]),
        (true, ["TLS, tokio-rustls, boxed", "TLS, tuyau, erased"]),
    ] {
        let server = serve_idle(tls);
        kept &= held(names[0], || runtime.block_on(server.raw()));
        kept &= held(names[1], || runtime.block_on(server.ours()));
    }
    kept
}

fn held<T>(name: &str, connect: impl Fn() -> Result<T, Lost>) -> bool {
    // What the first connection allocates once and for all.
    let mut held = Vec::with_capacity(IDLE + 1);
    let mut result = connect().map(|stream| held.push(stream));
    let counted = measure(|| {
        for _ in 0..IDLE {
            result = match connect() {
                Ok(stream) => {
                    held.push(stream);
                    Ok(())
                }
                Err(lost) => Err(lost),
            };
        }
    });
    match result {
        Ok(()) => {
            let bytes = counted.bytes_current / IDLE as i64;
            let count = counted.count_current as f64 / IDLE as f64;
            println!("| {name} | {bytes} | {count:.1} |");
            true
        }
        Err(lost) => {
            println!("| {name} | not counted: {lost} | |");
            false
        }
    }
}
