//! What all turns of a run share.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{Keys, Pattern, Site};

/// What the name of a run's folder begins with; its process follows.
const RUN: &str = "run-";

/// A run.
pub struct Bench {
    /// Who its clients and servers are.
    pub keys: Keys,
    /// What bodies are filled from.
    pub pattern: Pattern,
    /// About how long a turn takes.
    pub turn: Duration,
    /// Whether this run is only to show that everything works.
    pub short: bool,
    tls: bool,
    folder: PathBuf,
    sites: AtomicU32,
}

impl Bench {
    /// A run with a folder of its own, which goes with it.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(turn: Duration, short: bool, tls: bool) -> io::Result<Self> {
        // Thousands of connections at once, on either side; what is started inherits it.
        let limit = getrlimit(Resource::Nofile);
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: limit.maximum,
                ..limit
            },
        )?;
        sweep();
        let folder = place().join(format!("{RUN}{}", process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            keys: Keys::make(&folder)?,
            pattern: Pattern::new(),
            turn,
            short,
            tls,
            folder,
            sites: AtomicU32::new(0),
        })
    }

    /// A folder and an address for one more server.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn site(&self) -> io::Result<Site> {
        let number = self.sites.fetch_add(1, Ordering::Relaxed);
        let files = self.tls.then(|| self.keys.files.clone());
        Site::new(self.folder.join(number.to_string()), files)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // What stays behind is in a folder for such things.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what runs have left that were ended from outside.
fn sweep() {
    for entry in fs::read_dir(place()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(RUN));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another one may be about to do the same.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What `peers.sh` has installed, by its path in the folder for that.
pub fn installed(program: impl AsRef<Path>) -> PathBuf {
    place().join(program)
}

/// The folder `peers` of the build's target folder, or the one that the environment names.
fn place() -> PathBuf {
    let named = env::var_os("TUYAU_PEERS").map(PathBuf::from);
    named
        .or_else(beside)
        .unwrap_or_else(|| PathBuf::from("peers"))
}

/// Beside the profile's folder, in which this program lies; its tests lie one folder deeper.
fn beside() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let folder = program.parent()?;
    let profile = if folder.ends_with("deps") {
        folder.parent()?
    } else {
        folder
    };
    Some(profile.parent()?.join("peers"))
}
