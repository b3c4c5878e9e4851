//! The delivery cases of `spec/cases.md`, each by its name: what the sender and the recipient see.
//!
//! Router and peers are in this process and talk over memory; time is virtual where it matters.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other test binaries use it as well")]
mod support;

mod credit;
mod durable;
mod durable_capability;
mod durable_dials;
mod durable_disk;
mod durable_sessions;
mod durable_ttl;
mod group_durable;
mod group_durable_more;
mod group_durable_rights;
mod group_fast;
mod group_kept;
mod group_rights;
mod order;
mod routes;
mod table;
mod unanswered;
mod unicast_durable;
mod unicast_durable_more;
mod unicast_durable_refused;
mod unicast_fast;
mod unicast_fast_more;
mod unicast_request;
mod world;
