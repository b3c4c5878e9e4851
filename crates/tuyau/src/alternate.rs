//! The order in which addresses of two families are tried.

use std::net::SocketAddr;

/// Alternates address families, beginning with the first one's, and drops repetitions (RFC 8305,
/// section 4).
pub(crate) fn alternate(mut found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut seen = Vec::new();
    found.retain(|address| {
        let new = !seen.contains(address);
        seen.push(*address);
        new
    });
    let six_first = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|it| it.is_ipv6() == six_first);
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return ordered,
            (one, other) => ordered.extend(one.into_iter().chain(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn alternates_families_and_drops_repetitions() {
        let found = parse(&["[::1]:1", "[::2]:1", "[::1]:1", "1.1.1.1:1", "[::3]:1"]);
        let expected = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(alternate(found), expected);
    }
}
