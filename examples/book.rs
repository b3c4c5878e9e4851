//! The code in the book and in the README, as documentation tests: it compiles, and it runs.
//!
//! The two guides build the programs [`protocol.rs`](protocol.rs) and [`layer.rs`](layer.rs) line by line,
//! which `tests/guides.rs` sees to; after each step what there is compiles.

/// The pages with code.
#[cfg(doctest)]
pub mod pages {
    /// [Connecting](../docs/book/library.md)
    #[doc = include_str!("../docs/book/library.md")]
    pub mod connecting {}

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

/// [Adding a protocol](../docs/book/protocol.md), step by step.
#[cfg(doctest)]
pub mod protocol {
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-1.md"))]
    pub mod step_1 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-2.md"))]
    pub mod step_2 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-3.md"))]
    pub mod step_3 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-4.md"))]
    pub mod step_4 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-5.md"))]
    pub mod step_5 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-6.md"))]
    pub mod step_6 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/protocol-7.md"))]
    pub mod step_7 {}
}

/// [Adding a layer](../docs/book/layer.md), step by step.
#[cfg(doctest)]
pub mod layer {
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/layer-1.md"))]
    pub mod step_1 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/layer-2.md"))]
    pub mod step_2 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/layer-3.md"))]
    pub mod step_3 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/layer-4.md"))]
    pub mod step_4 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/layer-5.md"))]
    pub mod step_5 {}
    #[doc = include_str!(concat!(env!("OUT_DIR"), "/layer-6.md"))]
    pub mod step_6 {}
}
