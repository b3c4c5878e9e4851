//! The code in the book and in the README, as documentation tests: it compiles, and it runs.
//!
//! The steps of the two guides are taken from the programs that they build, and `tests/guides.rs`
//! compares them. Those of the guide to a protocol are the whole program, line by line, which is what
//! compiles and runs them; those of the guide to a layer use [`layer`] here as well.

#[expect(dead_code, reason = "it is a program, too")]
#[path = "layer.rs"]
pub mod layer;

/// The pages with code.
#[cfg(doctest)]
pub mod pages {
    /// [Connecting](../docs/book/library.md)
    #[doc = include_str!("../docs/book/library.md")]
    pub mod connecting {}

    /// [Adding a layer](../docs/book/layer.md)
    #[doc = include_str!("../docs/book/layer.md")]
    pub mod layers {}

    /// [Reading a report](../docs/book/report.md)
    #[doc = include_str!("../docs/book/report.md")]
    pub mod reports {}

    /// [Which one to take](../docs/book/choosing.md)
    #[doc = include_str!("../docs/book/choosing.md")]
    pub mod choices {}

    /// [From Conduit and Tuyau](../docs/book/ancestors.md)
    #[doc = include_str!("../docs/book/ancestors.md")]
    pub mod ancestors {}

    /// [A Git client](../docs/book/git.md)
    #[doc = include_str!("../docs/book/git.md")]
    pub mod git {}

    /// [README](../README.md)
    #[doc = include_str!("../README.md")]
    pub mod readme {}
}
