//! How flows end: as they were meant to, and otherwise.

use tuyau_core::{ErrorKind, Flow, FlowError, FlowExt};

use crate::{
    NotRun, Traits,
    helpers::{pattern, read_bytes, read_to_end, send},
    tasks::{both, poll_once, yield_now},
};

/// After the end a read gives 0, again and again.
pub(super) async fn the_end_is_sticky(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    near.write_all(b"last").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"last");
    for _ in 0..3 {
        let again = far.read(&mut [0; 8]).await;
        assert_eq!(again.expect("the end is no error"), 0, "the end is sticky");
    }
    Ok(())
}

/// Ending one direction leaves the other open.
pub(super) async fn the_other_half_stays_open(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_half_close()?;
    near.write_all(b"question").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"question");
    far.write_all(b"answer").await.unwrap();
    far.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut near).await.unwrap(), b"answer");
    Ok(())
}

/// `poll_close_write` can be called again, and nothing can be written after it.
pub(super) async fn ending_twice_is_no_error_and_writing_after_it_is(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    near.close_write().await.unwrap();
    near.close_write().await.expect("ending twice is no error");
    let error = near.write_all(b"more").await;
    let error = error.expect_err("nothing is written after the end");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
    Ok(())
}

/// What was written before the end arrives, and the end, although the flow is dropped behind it.
pub(super) async fn what_was_ended_arrives_although_its_flow_is_dropped(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    let bytes = pattern(1000);
    near.write_all(&bytes).await.unwrap();
    near.close_write().await.unwrap();
    drop(near);
    assert!(
        read_to_end(&mut far).await.unwrap() == bytes,
        "some of it is lost"
    );
    Ok(())
}

/// The same for an answer, by a flow that has read the end of the question.
pub(super) async fn an_answer_arrives_although_its_flow_is_dropped(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_half_close()?;
    near.write_all(b"question").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"question");
    let answer = pattern(1000);
    far.write_all(&answer).await.unwrap();
    far.close_write().await.unwrap();
    drop(far);
    assert!(
        read_to_end(&mut near).await.unwrap() == answer,
        "some of it is lost"
    );
    Ok(())
}

/// Whoever waits for bytes is woken by the end.
pub(super) async fn the_end_wakes_a_waiting_reader(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    let ending = async {
        yield_now().await;
        near.close_write().await
    };
    let mut byte = [0; 1];
    let (read, ended) = both(far.read(&mut byte), ending).await;
    ended.unwrap();
    assert_eq!(read.unwrap(), 0);
    Ok(())
}

/// A flow that is dropped is closed: its peer's reads end, its peer's writes fail.
pub(super) async fn dropping_closes(
    near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    drop(near);
    unmeant_end(far.read(&mut [0; 8]).await, traits);
    let bytes = pattern(1024);
    // A system may learn late that nobody reads, but it learns.
    let error = loop {
        if let Err(error) = send(&mut far, &bytes).await {
            break error;
        }
        yield_now().await;
    };
    assert_eq!(error.kind(), ErrorKind::Reset, "writing to nobody: {error}");
    Ok(())
}

/// Whoever waits for bytes is woken when the peer is dropped.
pub(super) async fn dropping_wakes_a_waiting_reader(
    near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    let dropping = async {
        yield_now().await;
        drop(near);
    };
    let mut byte = [0; 1];
    let (read, ()) = both(far.read(&mut byte), dropping).await;
    unmeant_end(read, traits);
    Ok(())
}

/// An end that the peer did not mean is an error where the protocol can tell, after all that came
/// before it, and stays one.
pub(super) async fn an_end_that_was_not_meant_is_told(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    traits.want_end()?;
    send(&mut near, b"half a senten").await.unwrap();
    drop(near);
    if traits.reset {
        read_what_is_left(&mut far, b"half a senten").await;
    } else {
        assert_eq!(read_bytes(&mut far, 13).await.unwrap(), b"half a senten");
    }
    for _ in 0..3 {
        unmeant_end(far.read(&mut [0; 8]).await, traits);
    }
    Ok(())
}

/// After `abort` every call fails with `Closed`, and the peer sees the flow end.
pub(super) async fn an_aborted_flow_is_closed_and_its_peer_sees_it(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) -> Result<(), NotRun> {
    near.abort();
    near.abort();
    let kind = |error: FlowError| error.kind();
    let closed = Err(ErrorKind::Closed);
    assert_eq!(
        near.read(&mut [0; 8]).await.map_err(kind),
        Err(ErrorKind::Closed)
    );
    assert_eq!(near.write_all(b"x").await.map_err(kind), closed);
    assert_eq!(near.flush().await.map_err(kind), closed);
    assert_eq!(near.close_write().await.map_err(kind), closed);
    if !traits.end {
        assert!(poll_once(far.read(&mut [0; 8])).is_pending());
        return Ok(());
    }
    match far.read(&mut [0; 8]).await {
        Err(error) if error.kind() == ErrorKind::Reset => {}
        other => unmeant_end(other, traits),
    }
    Ok(())
}

/// Reads what a reset left of `sent`, up to the error.
async fn read_what_is_left(far: &mut impl Flow, sent: &[u8]) {
    let (mut left, mut buffer) = (sent, [0; 8]);
    while let Ok(count @ 1..) = far.read(&mut buffer).await {
        let rest = left.strip_prefix(&buffer[..count]);
        left = rest.expect("what comes before a reset is what was sent");
    }
}

/// What a read gives where the stream ends without having been ended.
#[track_caller]
fn unmeant_end(read: Result<usize, FlowError>, traits: Traits) {
    match read {
        Ok(count) => {
            assert_eq!(count, 0, "nothing comes after the end");
            assert!(!traits.truncation, "an end that was not meant was not told");
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Truncated, "{error}"),
    }
}
