//! SSH against OpenSSH's own programs, and against peers that misbehave.
#![cfg(all(unix, feature = "mem", feature = "ssh", feature = "tcp"))]

mod channels;
mod host_keys;
mod login;
mod stalled;
mod support;
