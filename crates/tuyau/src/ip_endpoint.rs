//! IP endpoints in addresses, for the keys that have them.

use std::{fmt, net::SocketAddr};

use tuyau_core::{Address, EndpointError};

/// Prints an endpoint as it stands behind `scheme://`.
pub(crate) fn show(endpoint: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", Address::socket_text(*endpoint))
}

/// The endpoint that an address says in full.
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
