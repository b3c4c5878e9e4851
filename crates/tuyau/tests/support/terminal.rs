//! A pseudo-terminal: a device with a path, and its other end.

use std::os::fd::OwnedFd;

use nix::{
    fcntl::OFlag,
    pty::{grantpt, posix_openpt, ptsname_r, unlockpt},
};
use tuyau::serial::Line;

/// A line as it usually is, and its other end, which does not block.
pub(crate) fn terminal() -> Result<(Line, OwnedFd), String> {
    let missing = |error| format!("no pseudo-terminals: {error}");
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let other = posix_openpt(flags).map_err(missing)?;
    grantpt(&other).map_err(missing)?;
    unlockpt(&other).map_err(missing)?;
    let path = ptsname_r(&other).map_err(missing)?;
    Ok((Line::new(path), other.into()))
}
