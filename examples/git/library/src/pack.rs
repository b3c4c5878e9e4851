//! From the pack that came to one that is found by its objects.

use std::{
    fs::{self, File},
    io::BufReader,
    path::Path,
    sync::atomic::AtomicBool,
};

use gix_hash::Kind as HashKind;
use gix_pack::{Bundle, bundle::write::Options};
use gix_utils::progress::Discard;

use crate::{Error, Kind};

/// Checks each object of the pack in `file`, and writes it with its index to `packs`. Gives the
/// number of objects.
pub(crate) fn index(file: &Path, packs: &Path) -> Result<u32, Error> {
    let opened = File::open(file).map_err(|error| Error::file(file, error))?;
    let mut reader = BufReader::new(opened);
    let never = AtomicBool::new(false);
    // Nothing is here already, so no object is sent as a difference to one outside of the pack.
    let outside = None::<gix_object::find::Never>;
    let written = Bundle::write_to_directory(
        &mut reader,
        Some(packs),
        &mut Discard,
        &never,
        outside,
        HashKind::Sha1,
        Options::default(),
    );
    let written = written.map_err(|error| Error::because(Kind::Pack, error))?;
    for path in [file].into_iter().chain(written.keep_path.as_deref()) {
        fs::remove_file(path).map_err(|error| Error::file(path, error))?;
    }
    Ok(written.index.num_objects)
}
