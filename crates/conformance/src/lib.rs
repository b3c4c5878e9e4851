//! The conformance kit of [`tuyau_core`].

mod case;
mod flow;
mod helpers;
mod tasks;
mod traits;

pub use case::{Case, DEADLINE, NotRun, Work};
pub use flow::{FlowLaw, IntoPair, Pair, flow_cases, flow_laws};
pub use tasks::run_in_place;
pub use traits::Traits;

#[doc(hidden)]
pub use flow::__test_named;
