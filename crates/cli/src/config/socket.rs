//! The bound that the system sets on the path of a Unix socket.

use std::path::PathBuf;

use super::notes::Notes;
use super::problem::Problem;
use super::section::Section;

/// Bytes of a Unix socket's path: `sun_path` of the system without its closing zero byte.
pub(crate) const PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The path of the admin socket, if the system can take it.
pub(crate) fn check(path: PathBuf, section: &Section<'_>, notes: &mut Notes) -> Option<PathBuf> {
    let bytes = path.as_os_str().len();
    if bytes <= PATH_BYTES_MAX {
        return Some(path);
    }
    let message = format!(
        "the path of the admin socket has {bytes} bytes and the system takes at most \
         {PATH_BYTES_MAX}: set `admin_socket` to a shorter one, for example below `/run`"
    );
    let key = match section.is_set("admin_socket") {
        true => "admin_socket",
        false => "state_dir",
    };
    notes.note(Problem::out_of_range(message), &section.place(key));
    None
}
