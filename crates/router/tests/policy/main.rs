//! The access policy: what it decides, which rules are in vain, and what a change makes different.

mod decisions;
mod random;
mod support;
