//! What a service links: sessions, services, the table of a router as a resolver, files.

mod bounds;
mod client;
#[cfg(unix)]
mod key_files;
mod lookup;
mod receiving;
mod router;
mod sending;
mod service;
mod session;
mod support;
mod violations;
