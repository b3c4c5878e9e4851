//! The files of a commit, and the index that lists them.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, fs::symlink},
    path::Path,
};

use gix_hash::ObjectId;
use gix_index::{
    File, State,
    entry::{Mode, Stat},
};
use gix_object::FindExt;

use crate::{
    Error, Kind,
    repository::{Refs, Repository},
};

/// Writes the files of the commit that `HEAD` leads to. Gives the commit.
pub(crate) fn check_out(
    repository: &Repository,
    work_tree: &Path,
    refs: &Refs,
) -> Result<Option<ObjectId>, Error> {
    let Some(commit) = refs.head() else {
        return Ok(None);
    };
    let broken = |error| Error::because(Kind::Checkout(work_tree.to_owned()), error);
    let place = repository.directory().join("objects");
    let objects = gix_odb::at(place, gix_hash::Kind::Sha1)
        .map_err(|error| Error::file(repository.directory(), error))?;
    let mut buffer = Vec::new();
    let tree = objects
        .find_commit(&commit, &mut buffer)
        .map_err(broken)?
        .tree();
    // Names that would lead out of the work tree, or into `.git`, are refused here.
    let state = State::from_tree(&tree, &objects, Default::default()).map_err(broken)?;
    let mut index = File::from_state(state, repository.directory().join("index"));
    // Links come last, so that nothing is ever written through one.
    for links in [false, true] {
        for (entry, path) in index.entries_mut_with_paths() {
            if (entry.mode == Mode::SYMLINK) != links {
                continue;
            }
            let path = work_tree.join(std::ffi::OsStr::from_bytes(path));
            let content = match entry.mode {
                // A submodule's commit is in another repository.
                Mode::COMMIT => &[][..],
                _ => {
                    objects
                        .find_blob(&entry.id, &mut buffer)
                        .map_err(broken)?
                        .data
                }
            };
            write(&path, entry.mode, content).map_err(|error| Error::file(&path, error))?;
            let known = gix_index::fs::Metadata::from_path_no_follow(&path);
            let known = known.map_err(|error| Error::file(&path, error))?;
            entry.stat = Stat::from_fs(&known).unwrap_or_default();
        }
    }
    index.write(Default::default()).map_err(broken)?;
    Ok(Some(commit))
}

fn write(path: &Path, mode: Mode, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match mode {
        Mode::COMMIT => fs::create_dir_all(path),
        Mode::SYMLINK => symlink(std::ffi::OsStr::from_bytes(content), path),
        mode => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(content)?;
            if mode == Mode::FILE_EXECUTABLE {
                let now = file.metadata()?.permissions().mode();
                // Whoever may read it may run it.
                file.set_permissions(Permissions::from_mode(now | (now & 0o444) >> 2))?;
            }
            Ok(())
        }
    }
}
