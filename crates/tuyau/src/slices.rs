//! Several slices as the one run of bytes that they stand for.

#[cfg(any(feature = "noise", feature = "websocket"))]
use std::borrow::Cow;

/// How many slices go through at once when they have to be cut; the rest waits for the next write.
#[cfg(any(feature = "fault", feature = "throttle"))]
const MAX_SLICES: usize = 16;

/// Calls `write` with the first `limit` bytes of `slices`, without allocating.
#[cfg(any(feature = "fault", feature = "throttle"))]
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

/// Up to `limit` bytes of `slices` behind the first `skip`; they are only copied when they lie in
/// several slices.
#[cfg(any(feature = "noise", feature = "websocket"))]
pub(crate) fn gather<'a>(slices: &[&'a [u8]], mut skip: usize, limit: usize) -> Cow<'a, [u8]> {
    let mut gathered: Cow<'a, [u8]> = Cow::Borrowed(&[]);
    for slice in slices {
        let rest = slice.get(skip..).unwrap_or_default();
        skip = skip.saturating_sub(slice.len());
        let rest = &rest[..rest.len().min(limit - gathered.len())];
        if gathered.is_empty() {
            gathered = Cow::Borrowed(rest);
        } else if !rest.is_empty() {
            gathered.to_mut().extend_from_slice(rest);
        }
    }
    gathered
}

#[cfg(all(test, any(feature = "noise", feature = "websocket")))]
mod gather_tests {
    use super::*;

    #[test]
    fn gathers_what_lies_behind_and_no_more_than_the_limit() {
        let slices: [&[u8]; 5] = [b"ab", b"", b"cde", b"f", b""];
        for skip in 0..8 {
            for limit in 0..8 {
                let skipped = &b"abcdef"[skip.min(6)..];
                let expected = &skipped[..limit.min(skipped.len())];
                assert_eq!(*gather(&slices, skip, limit), *expected);
            }
        }
        assert!(matches!(gather(&slices, 2, 3), Cow::Borrowed(b"cde")));
    }
}

#[cfg(all(test, any(feature = "fault", feature = "throttle")))]
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
