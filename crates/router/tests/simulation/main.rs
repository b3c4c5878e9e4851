//! R9 and R3: the whole router and its services in one thread, in a time that is simulated, over a
//! network, a disk and a clock that fail as a seed says. See `docs/reliability.md`.

mod dice;
mod host;
mod link;
mod network;
mod oracle;
mod plan;
mod seeds;
mod service;
mod tests;
mod trace;
mod world;
