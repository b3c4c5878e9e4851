//! The screen of `tuyau demo`, on ratatui's test backend.

mod edge_cases;
mod fixture;
mod looks;
mod looping;
mod pages;
