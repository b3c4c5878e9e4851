//! What a service links: sessions, services, the table of a router as a resolver, files.

mod bounds;
#[cfg(unix)]
mod key_files;
mod lookup;
mod service;
mod session;
mod support;
