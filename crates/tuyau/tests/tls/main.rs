//! TLS between real peers: what is accepted, and what each kind of bad peer is told.
#![cfg(all(feature = "mem", feature = "tcp", feature = "tls"))]

mod authority;
mod forms;
mod openssl;
mod refusals;
mod strangers;
mod support;
