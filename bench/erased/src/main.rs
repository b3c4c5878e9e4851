//! Reads and writes a flow many times, `known` or `erased`: the difference of the instructions that
//! the two runs execute, divided by the number of calls, is what erasing costs. `bench/erased.sh`
//! counts them and judges.

use std::{
    env,
    hint::black_box,
    process::ExitCode,
    task::{Context, Poll, Waker},
};

use tuyau_core::{AnyFlow, Flow, FlowError};

/// How many rounds are run; each has four calls.
const ROUNDS: usize = 100_000;

/// A flow whose calls cost next to nothing, so that what is around them shows.
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

#[inline(never)]
fn run(flow: &mut impl Flow) {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut buffer = [0; 16];
    for _ in 0..ROUNDS {
        let _ = black_box(flow.poll_read(cx, black_box(&mut buffer)));
        let _ = black_box(flow.poll_write(cx, black_box(&buffer)));
        let _ = black_box(flow.poll_write_vectored(cx, black_box(&[&buffer, &buffer])));
        let _ = black_box(flow.poll_flush(cx));
    }
}

fn main() -> ExitCode {
    let mut flow = Nothing { bytes: 0 };
    match env::args().nth(1).as_deref() {
        Some("known") => run(&mut flow),
        Some("erased") => run(&mut black_box(AnyFlow::new(flow))),
        _ => {
            eprintln!("usage: erased known|erased");
            return ExitCode::from(2);
        }
    }
    println!("{}", ROUNDS * 4);
    ExitCode::SUCCESS
}
