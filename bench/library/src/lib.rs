//! The library beside what one would write without it: raw tokio, tokio-rustls, hyper-util's
//! connector and libp2p's TCP transport. Peers do the same work with the same options.
//!
//! Two programs, because counting allocations costs time: `library` measures time, `memory` counts
//! bytes and allocations. `bench/library.sh` runs both.

mod busy;
mod dispatch;
mod end;
mod hole;
mod idle;
mod keys;
mod lost;
mod ours;
mod pattern;
mod raw;
mod series;
mod stack;
mod work;

#[cfg(feature = "peers")]
pub mod peers;

pub use busy::Busy;
pub use dispatch::{Dispatch, Silent};
pub use end::{End, Ours, Raw};
pub use hole::{BlackHole, NoHole};
pub use idle::{Idle, RawStream, runtime, serve_idle};
pub use lost::Lost;
pub use ours::{options, tcp_context, tcp_stack, tls_stack};
pub use pattern::Pattern;
pub use raw::{RawTls, listen_raw, raw_tcp_stack, raw_tls_stack};
pub use series::{Case, Contender, Plan, quartiles};
pub use stack::Stack;
pub use work::{Bulk, Counter, connections, handshakes, round_trips};
