//! The slices of a vectored write, in the form of `std` and in ours.

use std::io::IoSlice;

/// How many slices of one vectored write are passed on at once; the rest waits for the next write.
/// The array lives on the stack, and a system call gains nothing from more.
const MAX_SLICES: usize = 64;

/// Calls `write` with the first slices in the form of `std`, without allocating.
pub(crate) fn with_io_slices<T>(slices: &[&[u8]], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
    let mut array = [IoSlice::new(&[]); MAX_SLICES];
    let mut count = 0;
    // Empty ones are left out, so that a write of something never becomes one of nothing.
    for (to, from) in array
        .iter_mut()
        .zip(slices.iter().filter(|it| !it.is_empty()))
    {
        *to = IoSlice::new(from);
        count += 1;
    }
    write(&array[..count])
}

/// Calls `write` with the first slices of `std` in our form, without allocating.
pub(crate) fn with_plain_slices<T>(slices: &[IoSlice<'_>], write: impl FnOnce(&[&[u8]]) -> T) -> T {
    let mut array: [&[u8]; MAX_SLICES] = [&[]; MAX_SLICES];
    let mut count = 0;
    for (to, from) in array
        .iter_mut()
        .zip(slices.iter().filter(|it| !it.is_empty()))
    {
        *to = from;
        count += 1;
    }
    write(&array[..count])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_slices_do_not_hide_what_comes_after_many_of_them() {
        let mut slices = vec![&b""[..]; 2 * MAX_SLICES];
        slices.push(b"x");
        assert_eq!(with_io_slices(&slices, |slices| slices.len()), 1);
        let slices: Vec<_> = slices.into_iter().map(IoSlice::new).collect();
        assert_eq!(with_plain_slices(&slices, |slices| slices.len()), 1);
    }
}
