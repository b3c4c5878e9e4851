//! The configuration of the program: from a YAML file, environment variables and command line
//! options to values of the types that routers and services run with.
//!
//! The keys are in one table, `schema`. A file is read into a tree of nodes with places
//! (`yaml`, `node`), the environment and the command line are laid over it (`sources`, `apply`),
//! and a `Section` takes the values out, noting every problem instead of stopping at the first.
//! What comes out has been parsed into addresses, identities, paths and durations, and needs no
//! further checks.
//!
//! ```
//! use tuyau_cli::config::{ConfigKind, from_bytes};
//!
//! let error = from_bytes(ConfigKind::Router, "router.yaml", b"lisen: []").unwrap_err();
//! assert!(error.to_string().starts_with("router.yaml:1:1: unknown key `lisen`, did you mean `listen`?"));
//! ```

mod address;
mod apply;
mod check;
mod error;
mod file;
mod keys;
mod load;
mod node;
mod notes;
mod paths;
mod place;
pub mod policy;
mod problem;
mod quote;
mod router;
mod schema;
mod section;
mod service;
mod socket;
mod sources;
mod suggest;
mod syntax;
mod tls;
mod value;
mod yaml;

pub use check::{Config, KindReason, Summary, check, from_bytes};
pub use error::{ConfigError, ConfigErrorKind, ConfigErrors};
pub use notes::Setting;
pub use place::Place;
pub use router::{RouterConfig, RouterLimits, StaticRoute};
pub use schema::{ConfigKind, reference};
pub use service::{Reconnect, RouterEndpoint, RouterIdentity, ServiceConfig};
pub use sources::{Override, Sources};
pub use tls::TlsFiles;
