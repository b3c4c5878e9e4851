//! Configuration: files, options, what overrides what, and what is said of mistakes.

mod messages;
mod policy;
mod precedence;
mod random;
mod shipped;
mod yaml;
