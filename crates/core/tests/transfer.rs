//! What users of a flow call, over a flow that gives and takes what a test says.
#![cfg(feature = "std")]

use std::{
    collections::VecDeque,
    pin::pin,
    task::{Context, Poll, Waker},
};

use tuyau_core::{ErrorKind, Flow, FlowError, FlowExt};

/// What a read gives.
#[derive(Clone, Copy)]
enum Gives {
    Bytes(&'static [u8]),
    Nothing,
    Failure,
}

/// Gives these, then its end; takes so many bytes with each write.
struct Script {
    gives: VecDeque<Gives>,
    takes: usize,
    taken: Vec<u8>,
    /// How many slices came with each write.
    slices: Vec<usize>,
    closed: bool,
}

fn gives(steps: &[Gives]) -> Script {
    Script {
        gives: steps.iter().copied().collect(),
        ..takes(usize::MAX)
    }
}

fn takes(takes: usize) -> Script {
    Script {
        gives: VecDeque::new(),
        takes,
        taken: Vec::new(),
        slices: Vec::new(),
        closed: false,
    }
}

impl Flow for Script {
    fn poll_read(
        &mut self,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        match self.gives.pop_front() {
            None => Poll::Ready(Ok(0)),
            Some(Gives::Nothing) => Poll::Pending,
            Some(Gives::Failure) => Poll::Ready(Err(ErrorKind::Reset.into())),
            Some(Gives::Bytes(bytes)) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                if count < bytes.len() {
                    self.gives.push_front(Gives::Bytes(&bytes[count..]));
                }
                Poll::Ready(Ok(count))
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        _: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.slices.push(slices.len());
        let bytes = slices.concat();
        let count = bytes.len().min(self.takes);
        self.taken.extend(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.closed = true;
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {}
}

fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until it is done; what waits goes on with the next poll here.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

#[test]
fn reads_to_the_end_and_appends() {
    let mut flow = gives(&[
        Gives::Bytes(&[7; 3000]),
        Gives::Nothing,
        Gives::Bytes(&[8; 100_000]),
    ]);
    let mut bytes = b"before".to_vec();
    assert_eq!(
        run(flow.read_to_end(&mut bytes, usize::MAX)).unwrap(),
        103_000
    );
    let expected = [&b"before"[..], &[7; 3000], &[8; 100_000]].concat();
    assert!(bytes == expected);
    assert_eq!(run(flow.read_to_end(&mut bytes, 0)).unwrap(), 0);
    assert!(bytes == expected);
}

#[test]
fn a_stream_of_the_limit_is_read_and_a_longer_one_is_refused() {
    for (length, limit) in [(5000, 5000), (1, 1), (0, 0)] {
        let text: &'static [u8] = &[1; 5000][..length];
        let mut bytes = Vec::new();
        let read = run(gives(&[Gives::Bytes(text)]).read_to_end(&mut bytes, limit));
        // A step of no bytes is the end.
        assert_eq!(read.unwrap(), length);
    }
    for limit in [0, 1, 1023, 4999] {
        let mut flow = gives(&[Gives::Bytes(&[1; 5000])]);
        let mut bytes = vec![9];
        let error = run(flow.read_to_end(&mut bytes, limit)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(
            bytes.len(),
            1 + limit + 1,
            "no more is read than tells it is too long"
        );
        let mut rest = Vec::new();
        assert_eq!(
            run(flow.read_to_end(&mut rest, 5000)).unwrap(),
            5000 - limit - 1
        );
    }
}

#[test]
fn a_cancelled_or_failed_read_to_the_end_keeps_what_came() {
    let mut flow = gives(&[
        Gives::Bytes(b"one"),
        Gives::Nothing,
        Gives::Bytes(b"two"),
        Gives::Failure,
    ]);
    let mut bytes = Vec::new();
    assert!(poll_once(flow.read_to_end(&mut bytes, 100)).is_pending());
    assert_eq!(bytes, b"one");
    let error = run(flow.read_to_end(&mut bytes, 100)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reset);
    assert_eq!(bytes, b"onetwo");
}

#[test]
fn a_vectored_write_goes_on_where_it_was_cut() {
    let many: Vec<[u8; 3]> = (0..200).map(|number| [number; 3]).collect();
    let mut slices: Vec<&[u8]> = vec![b""; 70];
    for slice in &many {
        slices.extend([&slice[..], b""]);
    }
    for part in [1, 2, 3, 4, 7, 64, 1000] {
        let mut flow = takes(part);
        run(flow.write_all_vectored(&slices)).unwrap();
        assert!(flow.taken == many.concat(), "{part} bytes at a time");
        assert!(flow.slices.iter().all(|&count| count > 0 && count <= 64));
        if part > 3 {
            assert!(
                flow.slices.len() < 600 / part + 8,
                "several slices in one write"
            );
        }
    }
    let mut flow = takes(1);
    run(flow.write_all_vectored(&[b"", b""])).unwrap();
    run(flow.write_all_vectored(&[])).unwrap();
    assert!(flow.slices.is_empty());
}

#[test]
fn a_flow_that_takes_nothing_is_closed() {
    let closed = |result: Result<(), FlowError>| result.unwrap_err().kind() == ErrorKind::Closed;
    assert!(closed(run(takes(0).write_all_vectored(&[b"a", b"b"]))));
    assert!(closed(run(takes(0).write_all(b"a"))));
    assert_eq!(run(takes(2).write(b"abc")).unwrap(), 2);
}

#[test]
fn two_halves_are_one_flow_and_become_it_again() {
    let (mut read, mut write) = gives(&[Gives::Bytes(b"head"), Gives::Bytes(b"body")]).split();
    let mut head = [0; 4];
    run(read.read_exact(&mut head)).unwrap();
    run(write.write_all(b"question")).unwrap();
    let mut body = Vec::new();
    run(read.read_to_end(&mut body, 4)).unwrap();
    run(write.write_all_vectored(&[b", ", b"end"])).unwrap();
    run(write.flush()).unwrap();
    run(write.close_write()).unwrap();
    assert_eq!((&head[..], &body[..]), (&b"head"[..], &b"body"[..]));

    let (other, foreign) = takes(1).split();
    let (read, foreign) = read.unite(foreign).err().expect("not halves of one flow");
    let flow = read.unite(write).expect("halves of one flow");
    assert!(flow.closed);
    assert_eq!(flow.taken, b"question, end");
    assert!(other.unite(foreign).is_ok());
}

/// A half may live in another thread than the other one.
const _: fn() = || {
    fn assert_task<T: Send + Sync + 'static>() {}
    assert_task::<tuyau_core::ReadHalf<tuyau_core::AnyFlow>>();
    assert_task::<tuyau_core::WriteHalf<tuyau_core::AnyFlow>>();
};
