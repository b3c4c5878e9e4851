//! What was written arrives: all of it, once, in order.

use std::{future::poll_fn, task::Poll};

use tuyau_core::{Flow, FlowError, FlowExt};

use crate::{
    NotRun, Traits,
    helpers::{pattern, read_bytes, send},
    tasks::{both, poll_once, yield_now},
};

/// How many reads in a row are given up before one is not.
const CANCELLED: usize = 5;

/// What was flushed arrives, whatever its size.
pub(super) async fn flushed_bytes_arrive(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    for size in [1, 100, 16 * 1024, 50_000] {
        let bytes = pattern(size);
        let reading = read_bytes(&mut far, size);
        let (written, read) = both(send(&mut near, &bytes), reading).await;
        written.unwrap();
        assert!(
            read.unwrap() == bytes,
            "{size} bytes have changed on their way"
        );
    }
    Ok(())
}

/// A reader with little room gets the same bytes as one with much, and those that it has no room for
/// later.
pub(super) async fn short_reads_lose_nothing(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let bytes = pattern(3000);
    let reading = async {
        let mut all = Vec::new();
        for room in [1, 2, 3, 5, 8, 13].into_iter().cycle() {
            if all.len() == bytes.len() {
                break;
            }
            let mut buffer = [0; 13];
            let room = room.min(bytes.len() - all.len());
            let count = far.read(&mut buffer[..room]).await.unwrap();
            assert!(
                (1..=room).contains(&count),
                "{count} bytes in room for {room}"
            );
            assert!(
                buffer[count..] == [0; 13][count..],
                "it wrote beyond its count"
            );
            all.extend_from_slice(&buffer[..count]);
        }
        all
    };
    let (written, read) = both(send(&mut near, &bytes), reading).await;
    written.unwrap();
    assert!(read == bytes, "bytes have changed on their way");
    Ok(())
}

/// A vectored write is a write of the concatenation.
pub(super) async fn vectored_writes_are_their_concatenation(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let bytes = pattern(300_000);
    let cuts = [
        0, 0, 1, 3, 3, 100, 20_000, 20_001, 60_000, 200_000, 300_000, 300_000,
    ];
    // Empty ones too, so many that a flow which counts slices sees no other.
    let mut slices: Vec<&[u8]> = vec![b""; 200];
    slices.extend(cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]));
    // More slices than go through at once.
    let many = pattern(500);
    slices.extend(many.iter().map(std::slice::from_ref));
    let writing = async {
        near.write_all_vectored(&slices).await?;
        near.flush().await
    };
    let reading = read_bytes(&mut far, bytes.len() + many.len());
    let (written, read) = both(writing, reading).await;
    written.unwrap();
    let same = read.unwrap() == [&bytes[..], &many].concat();
    assert!(same, "slices were lost, repeated or swapped");
    Ok(())
}

/// A flow that says it takes several slices at a time does.
pub(super) async fn a_flow_takes_as_many_slices_as_it_says(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let several = near.is_write_vectored();
    let taken = poll_fn(|cx| near.poll_write_vectored(cx, &[b"", b"ab", b"", b"cd"])).await;
    let taken = taken.unwrap();
    if several {
        assert_eq!(taken, 4, "it says that it takes several slices at a time");
    }
    assert!((1..=4).contains(&taken));
    near.flush().await.unwrap();
    assert_eq!(
        read_bytes(&mut far, taken).await.unwrap(),
        &b"abcd"[..taken]
    );
    Ok(())
}

/// Nothing is read into no room, nothing written from nothing, and neither waits or ends the flow.
pub(super) async fn nothing_is_read_into_or_written_from_no_room(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    assert_eq!(far.read(&mut []).await.unwrap(), 0);
    assert_eq!(poll_fn(|cx| near.poll_write(cx, b"")).await.unwrap(), 0);
    let none = poll_fn(|cx| near.poll_write_vectored(cx, &[b"", b""])).await;
    assert_eq!(none.unwrap(), 0);
    let none = poll_fn(|cx| near.poll_write_vectored(cx, &[])).await;
    assert_eq!(none.unwrap(), 0);
    send(&mut near, b"x").await.unwrap();
    let mut room = [0; 4];
    assert_eq!(far.read(&mut room).await.unwrap(), 1);
    assert_eq!(room[0], b'x');
    Ok(())
}

/// A read that was dropped while it waited has taken nothing.
pub(super) async fn a_cancelled_read_loses_nothing(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let bytes = pattern(40_000);
    assert!(poll_once(far.read(&mut [0; 1000])).is_pending());
    let writing = async {
        for piece in bytes.chunks(333) {
            near.write_all(piece).await?;
            yield_now().await;
            near.flush().await?;
        }
        Ok::<_, FlowError>(())
    };
    let reading = async {
        let (mut all, mut cancelled) = (Vec::new(), 0);
        while all.len() < bytes.len() {
            let mut room = [0; 1000];
            let count = match poll_once(far.read(&mut room)) {
                Poll::Ready(count) => count.unwrap(),
                // Given up, when it waits for more than has come.
                Poll::Pending if cancelled < CANCELLED => {
                    cancelled += 1;
                    yield_now().await;
                    continue;
                }
                Poll::Pending => far.read(&mut room).await.unwrap(),
            };
            cancelled = 0;
            all.extend_from_slice(&room[..count]);
        }
        all
    };
    let (written, read) = both(writing, reading).await;
    written.unwrap();
    assert!(read == bytes, "a cancelled read took bytes with it");
    Ok(())
}

/// A write that was not accepted has taken nothing: another one may follow in its place.
pub(super) async fn a_refused_write_takes_nothing(
    mut near: impl Flow,
    mut far: impl Flow,
    _: Traits,
) -> Result<(), NotRun> {
    let mut accepted = Vec::new();
    for number in 0..4 {
        let bytes = [number; 30_000];
        while accepted.len() < super::BOUND {
            match poll_once(poll_fn(|cx| near.poll_write(cx, &bytes))) {
                Poll::Ready(count) => accepted.extend_from_slice(&bytes[..count.unwrap()]),
                Poll::Pending => break,
            }
        }
    }
    let marker = pattern(100);
    let length = accepted.len() + marker.len();
    let reading = read_bytes(&mut far, length);
    let (written, read) = both(send(&mut near, &marker), reading).await;
    written.unwrap();
    accepted.extend_from_slice(&marker);
    assert!(
        read.unwrap() == accepted,
        "a refused write was sent nevertheless"
    );
    Ok(())
}
