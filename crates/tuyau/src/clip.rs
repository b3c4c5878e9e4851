//! The beginning of several slices.

/// How many slices go through at once when they have to be cut; the rest waits for the next write.
const MAX_SLICES: usize = 16;

/// Calls `write` with the first `limit` bytes of `slices`, without allocating.
pub(crate) fn with_clipped<T>(
    slices: &[&[u8]],
    limit: usize,
    write: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    if total(slices) <= limit {
        return write(slices);
    }
    let mut clipped: [&[u8]; MAX_SLICES] = [&[]; MAX_SLICES];
    let mut room = limit;
    let mut count = 0;
    let filled = slices.iter().filter(|slice| !slice.is_empty());
    for (place, slice) in clipped.iter_mut().zip(filled) {
        if room == 0 {
            break;
        }
        let length = slice.len().min(room);
        *place = &slice[..length];
        room -= length;
        count += 1;
    }
    write(&clipped[..count])
}

/// How many bytes they are together.
pub(crate) fn total(slices: &[&[u8]]) -> usize {
    slices.iter().map(|slice| slice.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clipped(slices: &[&[u8]], limit: usize) -> Vec<u8> {
        with_clipped(slices, limit, |slices| slices.concat())
    }

    #[test]
    fn cuts_at_the_limit_and_nowhere_else() {
        let slices: [&[u8]; 5] = [b"", b"ab", b"", b"cde", b"f"];
        for limit in 0..8 {
            assert_eq!(clipped(&slices, limit), &b"abcdef"[..limit.min(6)]);
        }
        assert_eq!(clipped(&[], 3), b"");
    }

    #[test]
    fn many_slices_are_written_in_part_rather_than_not_at_all() {
        let slices = [&b"x"[..]; 40];
        assert_eq!(clipped(&slices, 39).len(), MAX_SLICES);
    }
}
