//! SSH against peers that misbehave. Against OpenSSH's own programs it is tested in `openssh`.
#![cfg(all(feature = "mem", feature = "ssh"))]

mod channels;
#[cfg(feature = "tls")]
mod forwarded;
mod stalled;
mod support;
mod unread;
