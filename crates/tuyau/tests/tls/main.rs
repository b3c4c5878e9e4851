//! TLS between real peers: what is accepted, and what each kind of bad peer is told.
#![cfg(all(feature = "mem", feature = "tcp", feature = "tls"))]

mod authority;
mod clients;
mod files;
mod forms;
mod pki;
mod refusals;
mod reports;
mod resumption;
mod server_name;
mod strangers;
mod support;
mod tickets;
mod weak_keys;
mod web;
