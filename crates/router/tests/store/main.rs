//! The store: what each implementation must do, whatever happens to the disk beneath it.

mod directory_laws;
mod makers;
mod messages;
mod spool_laws;
