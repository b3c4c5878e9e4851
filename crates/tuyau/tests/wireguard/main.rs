//! Behaviour of WireGuard tunnels beyond the laws of flows.
#![cfg(all(feature = "mem", feature = "udp", feature = "wireguard"))]

mod lossy;
mod peers;
mod refused;
mod strangers;
mod support;
