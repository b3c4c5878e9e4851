//! The loops behind the methods of a flow and of its two halves.

use alloc::vec::Vec;
use core::{
    future::{Future, poll_fn},
    task::{Context as TaskContext, Poll, ready},
};

use crate::{ErrorKind, FlowError};

type Count = Poll<Result<usize, FlowError>>;

/// How much is read at once, at first and at most; in between it grows with what has come.
const FIRST_READ: usize = 1024;
const LARGEST_READ: usize = 64 * 1024;

/// How many slices go through at once; the rest waits for the next write. They lie on the stack.
const MAX_SLICES: usize = 64;

pub(super) fn read_exact(
    mut read: impl FnMut(&mut TaskContext<'_>, &mut [u8]) -> Count + Send,
    buffer: &mut [u8],
) -> impl Future<Output = Result<(), FlowError>> + Send {
    let mut filled = 0;
    poll_fn(move |cx| {
        while filled < buffer.len() {
            let count = ready!(read(cx, &mut buffer[filled..]))?;
            if count == 0 {
                return Poll::Ready(Err(ErrorKind::Truncated.into()));
            }
            filled += count;
        }
        Poll::Ready(Ok(()))
    })
}

pub(super) fn read_to_end(
    mut read: impl FnMut(&mut TaskContext<'_>, &mut [u8]) -> Count + Send,
    bytes: &mut Vec<u8>,
    limit: usize,
) -> impl Future<Output = Result<usize, FlowError>> + Send {
    let start = bytes.len();
    poll_fn(move |cx| {
        loop {
            let filled = bytes.len();
            let come = filled - start;
            if come > limit {
                return Poll::Ready(Err(ErrorKind::TooLarge.into()));
            }
            // One byte more than is allowed tells a stream that is too long from one that ends there.
            let room = come.clamp(FIRST_READ, LARGEST_READ);
            let room = room.min((limit - come).saturating_add(1));
            bytes.resize(filled + room, 0);
            let polled = read(cx, &mut bytes[filled..]);
            let count = match polled {
                Poll::Ready(Ok(count)) => count,
                _ => 0,
            };
            bytes.truncate(filled + count);
            if ready!(polled)? == 0 {
                return Poll::Ready(Ok(come));
            }
        }
    })
}

pub(super) fn write_all(
    mut write: impl FnMut(&mut TaskContext<'_>, &[u8]) -> Count + Send,
    bytes: &[u8],
) -> impl Future<Output = Result<(), FlowError>> + Send {
    let mut written = 0;
    poll_fn(move |cx| {
        while written < bytes.len() {
            match ready!(write(cx, &bytes[written..]))? {
                0 => return Poll::Ready(Err(ErrorKind::Closed.into())),
                count => written += count,
            }
        }
        Poll::Ready(Ok(()))
    })
}

pub(super) fn write_all_vectored(
    mut write: impl FnMut(&mut TaskContext<'_>, &[&[u8]]) -> Count + Send,
    mut slices: &[&[u8]],
) -> impl Future<Output = Result<(), FlowError>> + Send {
    // How much of the first slice is written.
    let mut written = 0;
    poll_fn(move |cx| {
        loop {
            while let Some(first) = slices.first()
                && written >= first.len()
            {
                written -= first.len();
                slices = &slices[1..];
            }
            if slices.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match ready!(with_rest(slices, written, |rest| write(cx, rest)))? {
                0 => return Poll::Ready(Err(ErrorKind::Closed.into())),
                count => written += count,
            }
        }
    })
}

/// Calls `write` with the first of the slices that are not empty, without the `written` bytes of the
/// very first one.
fn with_rest<T>(slices: &[&[u8]], written: usize, write: impl FnOnce(&[&[u8]]) -> T) -> T {
    let mut rest: [&[u8]; MAX_SLICES] = [&[]; MAX_SLICES];
    let mut count = 0;
    let filled = slices.iter().filter(|slice| !slice.is_empty());
    for (place, slice) in rest.iter_mut().zip(filled) {
        *place = slice;
        count += 1;
    }
    rest[0] = &rest[0][written..];
    write(&rest[..count])
}
