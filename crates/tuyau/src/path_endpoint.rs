//! Paths in addresses, for the keys whose endpoints have them.

use std::{fmt, path::Path};

use tuyau_core::Address;

/// Prints a path as it stands behind `scheme://`. A `?` would begin a query there, and the address be
/// that of another path: it is shown as U+FFFD, which no address holds, as is what is not UTF-8.
pub(crate) fn show(path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = path.display().to_string();
    f.write_str(&path.replace('?', "\u{fffd}"))
}

/// The path of an address that has no host.
pub(crate) fn read(address: &Address) -> Option<&Path> {
    let path = address.path().filter(|_| address.host().is_none());
    path.map(Path::new)
}
