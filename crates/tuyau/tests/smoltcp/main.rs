//! Behaviour of the TCP/IP stack in user space beyond the laws of flows, in virtual time.
#![cfg(feature = "smoltcp")]

mod closing;
mod datagrams;
mod failing;
mod floods;
mod listening;
mod many;
mod setup;
mod support;
