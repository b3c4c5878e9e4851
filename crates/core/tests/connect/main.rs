//! Connecting as a whole, in virtual time, with protocols that do what a test wants.

mod deadline;
mod downgrade;
mod exhaustive;
mod forced;
mod lost;
mod model;
mod print;
mod ranks;
mod report;
mod world;
