//! What holds for every flow.

use std::future::poll_fn;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tuyau::tokio::Compat;
use tuyau_core::{ErrorKind, Flow, FlowExt};

use crate::helpers::{Traits, exchange, pattern, poll_once, read_to_end, write_all_vectored};

/// Many times what a flow in memory and the layers here hold.
const LARGE: usize = 1024 * 1024;

/// No flow may accept so much while its peer reads nothing, buffers of the system included.
const BOUND: usize = 64 * 1024 * 1024;

pub(crate) async fn the_end_is_sticky(mut near: impl Flow, mut far: impl Flow, _: Traits) {
    near.write_all(b"last").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"last");
    for _ in 0..3 {
        assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
    }
}

pub(crate) async fn the_other_half_stays_open(mut near: impl Flow, mut far: impl Flow, _: Traits) {
    near.write_all(b"question").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"question");
    far.write_all(b"answer").await.unwrap();
    far.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut near).await.unwrap(), b"answer");
}

pub(crate) async fn ending_twice_is_no_error_and_writing_after_it_is(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) {
    near.close_write().await.unwrap();
    near.close_write().await.unwrap();
    let error = near.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
}

pub(crate) async fn dropping_closes(near: impl Flow, mut far: impl Flow, traits: Traits) {
    drop(near);
    match far.read(&mut [0; 8]).await {
        Ok(count) => assert_eq!((count, traits.tells_truncation), (0, false)),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Truncated),
    }
    let bytes = pattern(1024);
    // The system may learn late that nobody reads, but it learns.
    let error = loop {
        if let Err(error) = far.write_all(&bytes).await {
            break error;
        }
        if let Err(error) = far.flush().await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(error.kind(), ErrorKind::Reset);
}

pub(crate) async fn an_end_that_was_not_meant_is_told(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) {
    near.write_all(b"half a senten").await.unwrap();
    near.flush().await.unwrap();
    drop(near);
    let mut begin = [0; 13];
    far.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"half a senten");
    for _ in 0..3 {
        match far.read(&mut [0; 8]).await {
            Ok(count) => assert_eq!((count, traits.tells_truncation), (0, false)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Truncated),
        }
    }
}

pub(crate) async fn vectored_writes_are_their_concatenation(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) {
    let bytes = pattern(300_000);
    let cuts = [
        0, 0, 1, 3, 3, 100, 20_000, 20_001, 60_000, 200_000, 300_000, 300_000,
    ];
    let mut slices: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
    // More slices than go through at once.
    let many = pattern(500);
    slices.extend(many.iter().map(std::slice::from_ref));
    let writing = async {
        write_all_vectored(&mut near, &slices).await.unwrap();
        near.close_write().await.unwrap();
    };
    let (_, read) = tokio::join!(writing, read_to_end(&mut far));
    assert!(read.unwrap() == [&bytes[..], &many].concat());
}

pub(crate) async fn a_cancelled_read_loses_nothing(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) {
    let bytes = pattern(40_000);
    let mut read = Vec::new();
    for piece in bytes.chunks(3000) {
        let mut lost = [0; 1000];
        assert!(poll_once(far.read(&mut lost)).is_pending());
        near.write_all(piece).await.unwrap();
        near.flush().await.unwrap();
        let mut got = vec![0; piece.len()];
        far.read_exact(&mut got).await.unwrap();
        read.extend(got);
    }
    assert!(read == bytes);
}

pub(crate) async fn both_directions_at_once_make_progress(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) {
    let (there, back) = (pattern(LARGE), pattern(LARGE + 1));
    let (at_near, at_far) = tokio::join!(exchange(&mut near, &there), exchange(&mut far, &back));
    assert!(at_near.unwrap() == back);
    assert!(at_far.unwrap() == there);
}

pub(crate) async fn reading_and_writing_tasks_do_not_hinder_each_other(
    near: impl Flow + Unpin,
    far: impl Flow + Unpin,
    _: Traits,
) {
    let mut tasks = tokio::task::JoinSet::new();
    for flow in [Ok(near), Err(far)] {
        let (near, far) = (flow.is_ok(), flow);
        match far {
            Ok(flow) => both_halves(&mut tasks, flow, near),
            Err(flow) => both_halves(&mut tasks, flow, near),
        }
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

/// Writes in one task and reads in another, so that each registers a waker of its own.
fn both_halves(tasks: &mut tokio::task::JoinSet<()>, flow: impl Flow + Unpin, near: bool) {
    let (mut reading, mut writing) = tokio::io::split(Compat::new(flow));
    let (out, expected) = (LARGE + usize::from(near), LARGE + usize::from(!near));
    tasks.spawn(async move {
        for piece in pattern(out).chunks(7777) {
            writing.write_all(piece).await.unwrap();
        }
        writing.shutdown().await.unwrap();
    });
    tasks.spawn(async move {
        let mut all = Vec::new();
        reading.read_to_end(&mut all).await.unwrap();
        assert!(all == pattern(expected));
    });
}

pub(crate) async fn what_is_accepted_is_bounded_and_arrives(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) {
    let bytes = pattern(60_000);
    let mut accepted = Vec::new();
    // A system whose buffers grow may take more a moment later, so one refusal is not the end.
    let mut refusals = 0;
    while refusals < 100 {
        let written = poll_once(poll_fn(|cx| near.poll_write(cx, &bytes)));
        match written {
            std::task::Poll::Ready(count) => accepted.extend_from_slice(&bytes[..count.unwrap()]),
            std::task::Poll::Pending => {
                refusals += 1;
                tokio::task::yield_now().await;
            }
        }
        assert!(accepted.len() < BOUND, "it accepts without end");
    }
    let (closed, read) = tokio::join!(near.close_write(), read_to_end(&mut far));
    closed.unwrap();
    assert!(read.unwrap() == accepted);
}

pub(crate) async fn nothing_is_read_into_or_written_from_no_room(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) {
    assert_eq!(far.read(&mut []).await.unwrap(), 0);
    assert_eq!(poll_fn(|cx| near.poll_write(cx, b"")).await.unwrap(), 0);
    let none = poll_fn(|cx| near.poll_write_vectored(cx, &[b"", b""])).await;
    assert_eq!(none.unwrap(), 0);
    let none = poll_fn(|cx| near.poll_write_vectored(cx, &[])).await;
    assert_eq!(none.unwrap(), 0);
    near.write_all(b"x").await.unwrap();
    near.flush().await.unwrap();
    let mut one = [0; 4];
    assert_eq!(far.read(&mut one).await.unwrap(), 1);
}

pub(crate) async fn flushed_bytes_arrive(mut near: impl Flow, mut far: impl Flow, _: Traits) {
    for size in [1, 100, 16 * 1024, 50_000] {
        let bytes = pattern(size);
        let mut read = vec![0; size];
        let writing = async {
            near.write_all(&bytes).await?;
            near.flush().await
        };
        let (written, arrived) = tokio::join!(writing, far.read_exact(&mut read));
        written.and(arrived).unwrap();
        assert!(read == bytes);
    }
}

pub(crate) async fn an_aborted_flow_is_closed_and_its_peer_sees_it(
    mut near: impl Flow,
    mut far: impl Flow,
    traits: Traits,
) {
    near.abort();
    near.abort();
    let kind = |error: tuyau_core::FlowError| error.kind();
    assert_eq!(
        near.read(&mut [0; 8]).await.map_err(kind),
        Err(ErrorKind::Closed)
    );
    assert_eq!(
        near.write_all(b"x").await.map_err(kind),
        Err(ErrorKind::Closed)
    );
    assert_eq!(near.flush().await.map_err(kind), Err(ErrorKind::Closed));
    assert_eq!(
        near.close_write().await.map_err(kind),
        Err(ErrorKind::Closed)
    );
    match far.read(&mut [0; 8]).await {
        Ok(count) => assert_eq!((count, traits.tells_truncation), (0, false)),
        Err(error) => assert!(matches!(
            error.kind(),
            ErrorKind::Reset | ErrorKind::Truncated
        )),
    }
}
