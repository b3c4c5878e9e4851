//! The store: what each implementation must do, whatever happens to the disk beneath it.

mod directory_laws;
mod directory_random;
mod makers;
mod messages;
mod seeds;
mod spool_damage;
mod spool_laws;
mod spool_random;
mod spool_world;
