//! Paths of a configuration: relative to what, and how they print.

use std::path::{Component, Path, PathBuf};

/// `path` as seen from `base`, without `..` where it can be taken out safely.
pub(crate) fn resolve(base: &Path, path: &str) -> PathBuf {
    tidy(&base.join(path))
}

/// Takes out `.` everywhere, and `directory/..` where `directory` is a directory and no link:
/// what follows a link's `..` is somewhere else.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if ends_in_plain_directory(&tidied) => {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    if tidied.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        tidied
    }
}

fn ends_in_plain_directory(path: &Path) -> bool {
    let named = matches!(path.components().next_back(), Some(Component::Normal(_)));
    named
        && path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_directories_are_taken_out_except_after_links() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("a/conf")).unwrap();
        std::os::unix::fs::symlink(root.join("a/conf"), root.join("link")).unwrap();
        assert_eq!(
            resolve(&root.join("a/conf"), "../state/x"),
            root.join("a/state/x")
        );
        assert_eq!(resolve(&root.join("a/conf"), "../../s"), root.join("s"));
        assert_eq!(
            resolve(&root.join("link"), "../state"),
            root.join("link/../state")
        );
        assert_eq!(
            resolve(&root.join("missing"), "../state"),
            root.join("missing/../state")
        );
        assert_eq!(resolve(Path::new(""), "./state"), Path::new("state"));
        assert_eq!(resolve(root, "/etc/x"), Path::new("/etc/x"));
    }
}
