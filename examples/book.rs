//! The code in the book and in the README, as documentation tests: it compiles, and it runs.

/// [Connecting](../docs/book/library.md)
#[doc = include_str!("../docs/book/library.md")]
#[cfg(doctest)]
pub mod library {}

/// [Adding a protocol](../docs/book/protocol.md)
#[doc = include_str!("../docs/book/protocol.md")]
#[cfg(doctest)]
pub mod protocol {}

/// [Adding a layer](../docs/book/layer.md)
#[doc = include_str!("../docs/book/layer.md")]
#[cfg(doctest)]
pub mod layer {}

/// [Reading a report](../docs/book/report.md)
#[doc = include_str!("../docs/book/report.md")]
#[cfg(doctest)]
pub mod report {}

/// [README](../README.md)
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
pub mod readme {}
