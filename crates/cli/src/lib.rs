//! The parts of the program `tuyau`, as a library so that tests and fuzzing reach them.

pub mod config;
pub mod demo;
