//! The nearest known name, for "did you mean".

/// The candidate that `given` was most likely meant to be, if any is near enough.
///
/// Case and the difference between `-` and `_` do not count; beyond that one slip in three
/// characters is forgiven, a swap of neighbours being one slip.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Distance takes time in the product of the lengths, and no key is that long.
    if given.len() > 100 {
        return None;
    }
    let wanted = normal(given);
    let allowed = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wanted, &normal(name)), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn normal(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_other_spellings_only() {
        let known = ["listen", "state_dir", "limits"];
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("litsen", known), Some("listen"));
        assert_eq!(nearest("State-Dir", known), Some("state_dir"));
        assert_eq!(nearest("limit", known), Some("limits"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"l".repeat(1 << 20), known), None);
    }
}
