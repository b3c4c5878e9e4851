//! Connecting as a whole, in virtual time, with protocols that do what a test wants.

mod downgrade;
mod forced;
mod ranks;
mod report;
mod world;
