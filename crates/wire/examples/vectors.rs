//! Writes the test vectors to `spec/vectors`, removes those that no longer exist, and writes the
//! example of a session in `spec/README.md` anew.
//!
//! `cargo run -p tuyau-wire --example vectors`, then look at the difference: vectors that were
//! published change with the version of the protocol and not otherwise.

#[path = "../tests/wire/support/mod.rs"]
mod support;

use std::{fs, io};

fn main() -> io::Result<()> {
    let directory = support::directory();
    for folder in ["message", "frame", "session", "identity"] {
        match fs::remove_dir_all(directory.join(folder)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for (path, text) in support::files() {
        let path = directory.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    let readme = fs::read_to_string(support::readme())?;
    fs::write(support::readme(), support::session::in_readme(&readme))
}
