//! What the laws are written with.

use std::{
    future::{Future, poll_fn},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tuyau_core::{Flow, FlowError, FlowExt};

/// In what protocols rightly differ.
#[derive(Clone, Copy)]
pub(crate) struct Traits {
    /// Whether an end is only meant when the writing half was ended.
    pub(crate) tells_truncation: bool,
}

impl Traits {
    pub(crate) const PLAIN: Self = Self {
        tells_truncation: false,
    };
    pub(crate) const TLS: Self = Self {
        tells_truncation: true,
    };
}

/// Fails what does not come to its end.
pub(crate) async fn within_reason<T>(test: impl Future<Output = T>) -> T {
    let deadline = Duration::from_secs(60);
    let result = tokio::time::timeout(deadline, test).await;
    result.expect("it does not hang")
}

/// Bytes in which a lost, repeated or swapped piece shows.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Reads to the end of the stream.
pub(crate) async fn read_to_end(flow: &mut impl Flow) -> Result<Vec<u8>, FlowError> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 7000];
    loop {
        match flow.read(&mut buffer).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Polls once, and drops the future.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    let mut future = std::pin::pin!(future);
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// Writes slices until all of them are written.
pub(crate) async fn write_all_vectored(
    flow: &mut impl Flow,
    slices: &[&[u8]],
) -> Result<(), FlowError> {
    let mut rest: Vec<&[u8]> = slices.to_vec();
    while rest.iter().any(|slice| !slice.is_empty()) {
        let mut count = poll_fn(|cx| flow.poll_write_vectored(cx, &rest)).await?;
        assert!(count > 0, "a write of something takes something");
        while count > 0 {
            let taken = count.min(rest[0].len());
            rest[0] = &rest[0][taken..];
            count -= taken;
            if rest[0].is_empty() {
                rest.remove(0);
            }
        }
    }
    Ok(())
}

/// Writes and reads in one task, whatever is possible first, until all is written and the peer ended.
pub(crate) async fn exchange(flow: &mut impl Flow, out: &[u8]) -> Result<Vec<u8>, FlowError> {
    let (mut written, mut closed, mut ended) = (0, false, false);
    let (mut all, mut buffer) = (Vec::new(), vec![0; 5000]);
    poll_fn(|cx| {
        while written < out.len() {
            match flow.poll_write(cx, &out[written..])? {
                Poll::Ready(count) => written += count,
                Poll::Pending => break,
            }
        }
        if written == out.len() && !closed {
            closed = flow.poll_close_write(cx)?.is_ready();
        }
        while !ended {
            match flow.poll_read(cx, &mut buffer)? {
                Poll::Ready(0) => ended = true,
                Poll::Ready(count) => all.extend_from_slice(&buffer[..count]),
                Poll::Pending => break,
            }
        }
        if ended && closed {
            return Poll::Ready(Ok::<_, FlowError>(()));
        }
        Poll::Pending
    })
    .await?;
    Ok(all)
}
