//! What the laws are written with.

use std::{
    future::poll_fn,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use tuyau_core::{Flow, FlowError, FlowExt};

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
    flow.read_to_end(&mut all, usize::MAX).await?;
    Ok(all)
}

/// Reads so many bytes.
pub(crate) async fn read_bytes(flow: &mut impl Flow, count: usize) -> Result<Vec<u8>, FlowError> {
    let mut bytes = vec![0; count];
    flow.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Writes all of it, and flushes.
pub(crate) async fn send(flow: &mut impl Flow, bytes: &[u8]) -> Result<(), FlowError> {
    flow.write_all(bytes).await?;
    flow.flush().await
}

/// Writes and reads in one task, whatever is possible first, until `out` is sent and as many bytes
/// as `expected` has came.
pub(crate) async fn exchange(
    flow: &mut impl Flow,
    out: &[u8],
    expected: usize,
) -> Result<Vec<u8>, FlowError> {
    let (mut written, mut flushed) = (0, false);
    let (mut all, mut buffer) = (Vec::new(), vec![0; 5000]);
    poll_fn(|cx| {
        while written < out.len() {
            match flow.poll_write(cx, &out[written..])? {
                Poll::Ready(count) => written += count,
                Poll::Pending => break,
            }
        }
        if written == out.len() && !flushed {
            flushed = flow.poll_flush(cx)?.is_ready();
        }
        while all.len() < expected {
            match flow.poll_read(cx, &mut buffer)? {
                Poll::Ready(0) => panic!("the stream ended after {} bytes", all.len()),
                Poll::Ready(count) => all.extend_from_slice(&buffer[..count]),
                Poll::Pending => return Poll::Pending,
            }
        }
        if flushed {
            return Poll::Ready(Ok::<_, FlowError>(()));
        }
        Poll::Pending
    })
    .await?;
    Ok(all)
}

/// Datagrams that two tasks use, one for each direction.
pub(crate) struct Shared<F>(Mutex<F>);

impl<F> Shared<F> {
    pub(crate) fn new(flow: F) -> Self {
        Self(Mutex::new(flow))
    }

    /// Polls the flow in the task that awaits it.
    pub(crate) async fn with<T>(
        &self,
        mut poll: impl FnMut(&mut F, &mut Context<'_>) -> Poll<T>,
    ) -> T {
        poll_fn(|cx| {
            let mut flow = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            poll(&mut flow, cx)
        })
        .await
    }
}
