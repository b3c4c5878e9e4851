//! Comparing what was printed with what a document shows.

/// Stands for any text within a line, and alone for any lines.
const ANY: &str = "…";

/// Whether the printed lines are those that are shown.
pub(crate) fn matches(shown: &[String], printed: &[String]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == ANY => {
            matches(rest, printed) || !printed.is_empty() && matches(shown, &printed[1..])
        }
        (Some((first, rest)), Some((line, others))) => {
            line_matches(first, line) && matches(rest, others)
        }
        _ => false,
    }
}

/// Whether a printed line is the one that is shown.
pub(crate) fn line_matches(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split(ANY);
    let Some(mut rest) = parts.next().and_then(|part| printed.strip_prefix(part)) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(index) => rest = &rest[index + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn lines_are_compared_with_gaps() {
    assert!(line_matches("serving on … as …", "serving on tls://a as b"));
    assert!(!line_matches("serving on …", "not serving on tls://a"));
    assert!(!line_matches(
        "serving on … as x",
        "serving on tls://a as y"
    ));
    assert!(!line_matches("serving", "serving on tls://a"));

    let lines = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a|…|d"), &lines("a|b|c|d")));
    assert!(matches(&lines("a|…|d"), &lines("a|d")));
    assert!(!matches(&lines("a|…|d"), &lines("a|b|c")));
    assert!(!matches(&lines("a|b"), &lines("a|b|c")));
}
