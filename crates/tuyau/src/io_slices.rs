//! The slices of a vectored write, in the form of `std` and in ours.

use std::io::IoSlice;

/// How many slices of one vectored write are passed on at once; the rest waits for the next write.
/// The array lives on the stack, and a system call gains nothing from more.
const MAX_SLICES: usize = 64;

/// Calls `write` with the first slices in the form of `std`, without allocating.
pub(crate) fn with_io_slices<T>(slices: &[&[u8]], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
    let mut array = [IoSlice::new(&[]); MAX_SLICES];
    let count = slices.len().min(MAX_SLICES);
    for (to, from) in array.iter_mut().zip(slices) {
        *to = IoSlice::new(from);
    }
    write(&array[..count])
}

/// Calls `write` with the first slices of `std` in our form, without allocating.
pub(crate) fn with_plain_slices<T>(slices: &[IoSlice<'_>], write: impl FnOnce(&[&[u8]]) -> T) -> T {
    let mut array: [&[u8]; MAX_SLICES] = [&[]; MAX_SLICES];
    let count = slices.len().min(MAX_SLICES);
    for (to, from) in array.iter_mut().zip(slices) {
        *to = from;
    }
    write(&array[..count])
}
