//! What an address of a key's own scheme may have beside the endpoint: nothing.
//!
//! With another scheme the rest belongs to what lies over the endpoint, as the path of `ws://host:80/path`
//! to a layer over TCP, and the key beneath leaves it alone.

use tuyau_core::Address;

/// Whether an address with the scheme `own` has more than a host and a port.
pub(crate) fn has_more(address: &Address, own: &str) -> bool {
    let more = address.user().is_some() || address.path().is_some();
    address.scheme() == own && (more || address.queries().next().is_some())
}
