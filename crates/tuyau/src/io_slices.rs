//! The slices of a vectored write, in the form of `std` and in ours.

use std::io::IoSlice;

/// How many slices of one vectored write are passed on at once; the rest waits for the next write.
/// The array lives on the stack, and a system call gains nothing from more.
const MAX_SLICES: usize = 64;

/// As many as most vectored writes have at most: an array of so many is cleared in no time.
const FEW: usize = 8;

/// Calls `write` with the first slices in the form of `std`, without allocating.
#[cfg(any(feature = "blocking", feature = "futures", feature = "tokio"))]
pub(crate) fn with_io_slices<T>(slices: &[&[u8]], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
    let filled = slices.iter().filter(|slice| !slice.is_empty());
    let converted = filled.map(|slice| IoSlice::new(slice));
    let nothing = IoSlice::new(&[]);
    match slices.len() <= FEW {
        true => with_array::<_, FEW, _>(nothing, converted, write),
        false => with_array::<_, MAX_SLICES, _>(nothing, converted, write),
    }
}

/// Calls `write` with the first slices of `std` in our form, without allocating.
pub(crate) fn with_plain_slices<T>(slices: &[IoSlice<'_>], write: impl FnOnce(&[&[u8]]) -> T) -> T {
    let filled = slices.iter().filter(|slice| !slice.is_empty());
    let converted = filled.map(|slice| &**slice);
    match slices.len() <= FEW {
        true => with_array::<_, FEW, _>(&[][..], converted, write),
        false => with_array::<_, MAX_SLICES, _>(&[][..], converted, write),
    }
}

/// Calls `write` with the first `N` slices, none of which is empty, so that a write of something never
/// becomes one of nothing.
fn with_array<S: Copy, const N: usize, T>(
    nothing: S,
    slices: impl Iterator<Item = S>,
    write: impl FnOnce(&[S]) -> T,
) -> T {
    let mut array = [nothing; N];
    let places = array.iter_mut().zip(slices);
    let count = places.map(|(place, slice)| *place = slice).count();
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
