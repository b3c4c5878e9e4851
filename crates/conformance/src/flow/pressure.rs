//! Both directions at once, and a peer that does not read.

use std::{future::poll_fn, task::Poll};

use tuyau_core::{Flow, FlowExt, ReadHalf, WriteHalf};

use crate::{
    NotRun, Traits,
    helpers::{exchange, pattern, read_bytes},
    tasks::{both, poll_once, yield_now},
};

/// Many times what a flow in memory and the usual layers hold.
const LARGE: usize = 1024 * 1024;

/// Large transfers in both directions, in one task for each side, come to their end.
pub(super) async fn both_directions_at_once_make_progress(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let (there, back) = (pattern(LARGE), pattern(LARGE + 1));
    let near = exchange(&mut near, &there, back.len());
    let far = exchange(&mut far, &back, there.len());
    let (at_near, at_far) = both(near, far).await;
    assert!(at_near.unwrap() == back, "bytes have changed on their way");
    assert!(at_far.unwrap() == there, "bytes have changed on their way");
    Ok(())
}

/// A task that reads and one that writes have a half of a flow each, and are woken for their own
/// direction.
pub(super) async fn reading_and_writing_tasks_do_not_hinder_each_other(
    near: impl Flow,
    far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let ((near_read, near_write), (far_read, far_write)) = (near.split(), far.split());
    let near = both(
        write_slowly(near_write, LARGE),
        read_slowly(near_read, LARGE + 1),
    );
    let far = both(
        write_slowly(far_write, LARGE + 1),
        read_slowly(far_read, LARGE),
    );
    // The halves live until both sides are done: dropping them closes the flows.
    both(near, far).await;
    Ok(())
}

async fn write_slowly<F: Flow>(mut flow: WriteHalf<F>, length: usize) -> WriteHalf<F> {
    for piece in pattern(length).chunks(7777) {
        flow.write_all(piece).await.unwrap();
    }
    flow.flush().await.unwrap();
    flow
}

async fn read_slowly<F: Flow>(mut flow: ReadHalf<F>, length: usize) -> ReadHalf<F> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 5000]);
    while all.len() < length {
        let count = flow.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the stream ended after {} bytes", all.len());
        all.extend_from_slice(&buffer[..count]);
    }
    assert!(all == pattern(length), "bytes have changed on their way");
    flow
}

/// While the peer does not read, a flow accepts a bounded number of bytes, and these arrive.
pub(super) async fn what_is_accepted_is_bounded_and_arrives(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let bytes = pattern(60_000);
    let mut accepted = Vec::new();
    // A system whose buffers grow may take more a moment later, so one refusal is not the end.
    let mut refusals = 0;
    while refusals < 100 {
        match poll_once(poll_fn(|cx| near.poll_write(cx, &bytes))) {
            Poll::Ready(count) => accepted.extend_from_slice(&bytes[..count.unwrap()]),
            Poll::Pending => {
                refusals += 1;
                yield_now().await;
            }
        }
        assert!(accepted.len() < super::BOUND, "it accepts without end");
    }
    let reading = read_bytes(&mut far, accepted.len());
    let (flushed, read) = both(near.flush(), reading).await;
    flushed.unwrap();
    assert!(read.unwrap() == accepted, "what was accepted has changed");
    Ok(())
}
