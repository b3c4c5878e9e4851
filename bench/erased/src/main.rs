//! Calls one function of a flow or of datagrams many times, their type `known` or `erased`: the
//! difference of the instructions that the two runs execute, divided by the number of calls, is what
//! erasing costs. `bench/erased.sh` counts them and judges.

use std::{
    env,
    hint::black_box,
    process::ExitCode,
    task::{Context, Poll, Waker},
};

use tuyau_core::{AnyDatagrams, AnyFlow, Datagrams, Flow, FlowError};

/// How many calls are made.
const CALLS: usize = 100_000;

/// A flow, and datagrams, whose calls cost next to nothing, so that what is around them shows.
struct Nothing {
    bytes: usize,
}

impl Flow for Nothing {
    #[inline(never)]
    fn poll_read(
        &mut self,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.bytes += buffer.len();
        Poll::Ready(Ok(buffer.len()))
    }

    #[inline(never)]
    fn poll_write(
        &mut self,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.bytes += bytes.len();
        Poll::Ready(Ok(bytes.len()))
    }

    #[inline(never)]
    fn poll_write_vectored(
        &mut self,
        _cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.bytes += slices.len();
        Poll::Ready(Ok(slices.len()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline(never)]
    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.bytes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_close_write(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {}
}

impl Datagrams for Nothing {
    #[inline(never)]
    fn poll_send(&mut self, _cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        self.bytes += datagram.len();
        Poll::Ready(Ok(()))
    }

    #[inline(never)]
    fn poll_receive(
        &mut self,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.bytes += buffer.len();
        Poll::Ready(Ok(buffer.len()))
    }

    fn max_size(&self) -> usize {
        usize::MAX
    }
}

/// Calls a function of a flow; none when it has no such function.
fn stream(flow: &mut impl Flow, call: &str) -> Option<()> {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut buffer = [0; 16];
    match call {
        "read" => repeat(|| flow.poll_read(cx, black_box(&mut buffer))),
        "write" => repeat(|| flow.poll_write(cx, black_box(&buffer))),
        "write-vectored" => {
            repeat(|| flow.poll_write_vectored(cx, black_box(&[&buffer, &buffer])));
        }
        "flush" => repeat(|| flow.poll_flush(cx)),
        _ => return None,
    }
    Some(())
}

/// Calls a function of datagrams; none when they have no such function.
fn datagrams(datagrams: &mut impl Datagrams, call: &str) -> Option<()> {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut buffer = [0; 16];
    match call {
        "send" => repeat(|| datagrams.poll_send(cx, black_box(&buffer))),
        "receive" => repeat(|| datagrams.poll_receive(cx, black_box(&mut buffer))),
        _ => return None,
    }
    Some(())
}

fn repeat<T>(mut call: impl FnMut() -> T) {
    for _ in 0..CALLS {
        black_box(call());
    }
}

fn main() -> ExitCode {
    let mut nothing = black_box(Nothing { bytes: 0 });
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let called = match arguments[..] {
        ["known", call] => stream(&mut nothing, call).or_else(|| datagrams(&mut nothing, call)),
        ["erased", call @ ("send" | "receive")] => {
            datagrams(&mut black_box(AnyDatagrams::new(nothing)), call)
        }
        ["erased", call] => stream(&mut black_box(AnyFlow::new(nothing)), call),
        _ => None,
    };
    if called.is_none() {
        eprintln!("usage: erased known|erased read|write|write-vectored|flush|send|receive");
        return ExitCode::from(2);
    }
    println!("{CALLS}");
    ExitCode::SUCCESS
}
