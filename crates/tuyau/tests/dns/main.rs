//! DNS, against a server that says what a test wants, true or not.
#![cfg(all(feature = "dns", feature = "tcp"))]

mod addresses;
mod lies;
mod server;
mod services;
