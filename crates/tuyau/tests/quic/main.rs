//! QUIC between real peers: streams, datagrams, identities, certificates, and what goes wrong.
#![cfg(all(feature = "mem", feature = "quic", feature = "tcp"))]

mod races;
mod refusals;
mod streams;
mod support;
