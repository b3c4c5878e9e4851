//! Numbers with their nouns.

/// `message` or `messages`.
pub(crate) fn messages(number: u64) -> &'static str {
    if number == 1 { "message" } else { "messages" }
}

/// `route` or `routes`.
pub(crate) fn routes(number: usize) -> &'static str {
    if number == 1 { "route" } else { "routes" }
}

/// `group` or `groups`.
pub(crate) fn groups(number: usize) -> &'static str {
    if number == 1 { "group" } else { "groups" }
}
