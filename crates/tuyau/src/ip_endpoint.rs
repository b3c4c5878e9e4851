//! IP endpoints in addresses, for the keys that have them.

use std::{fmt, net::SocketAddr};

use tuyau_core::{Address, EndpointError};

use crate::own_scheme;

/// Prints an endpoint as it stands behind `scheme://`.
pub(crate) fn show(endpoint: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", Address::socket_text(*endpoint))
}

/// The endpoint that an address says in full, which says nothing else if its scheme is `own`.
pub(crate) fn read_alone(address: &Address, own: &str) -> Result<SocketAddr, EndpointError> {
    if own_scheme::has_more(address, own) {
        let expected =
            format!("an IP address and a port and nothing else, as in `{own}://127.0.0.1:6000`");
        return Err(EndpointError::new(address, expected));
    }
    read(address)
}

/// The endpoint that an address says in full, whatever else it says.
pub(crate) fn read(address: &Address) -> Result<SocketAddr, EndpointError> {
    let endpoint = address.socket();
    endpoint.ok_or_else(|| EndpointError::new(address, expected(address)))
}

/// What an address lacks that is no IP endpoint.
fn expected(address: &Address) -> String {
    let scheme = address.scheme();
    match (address.zone(), address.port()) {
        (Some(_), Some(port)) => format!(
            "the number of a zone, not its name, as in `{scheme}://[fe80::1%252]:{port}`; numbers \
             stand in /sys/class/net/*/ifindex, and a system resolver takes names too"
        ),
        _ => format!("an IP address and a port, as in `{scheme}://127.0.0.1:6000`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_of_another_scheme_says_beside_is_left_to_a_layer() {
        let endpoint = SocketAddr::from(([127, 0, 0, 1], 80));
        for more in ["ws://127.0.0.1:80/path?x=1", "ssh://me@127.0.0.1:80"] {
            assert_eq!(read_alone(&more.parse().unwrap(), "tcp"), Ok(endpoint));
        }
        for more in ["tcp://127.0.0.1:80/path?x=1", "tcp://me@127.0.0.1:80"] {
            let error = read_alone(&more.parse().unwrap(), "tcp").unwrap_err();
            assert!(error.expected().contains("nothing else"), "{error}");
        }
    }
}
