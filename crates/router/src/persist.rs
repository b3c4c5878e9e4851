//! The state directory.

use std::{
    error::Error,
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    SnapshotError, State, Timestamp,
    journal::Event,
    kept, snapshot,
    store::{
        Directory, Disk, LogDirectory, LogDirectorySettings, LogSpool, LogSpoolSettings, Loss,
        Spool, SpoolSettings, StoreError,
    },
};

/// The name of a snapshot that is taken over at the start.
const SNAPSHOT: &str = "state.cbor";

/// What it is called afterwards.
const IMPORTED: &str = "state.cbor.imported";

/// The name of the file that is locked while a router uses the directory.
const LOCK_FILE: &str = "lock";

/// The name of the directory with everything that is kept.
const STORE: &str = "store";

/// The name of the directory in it with registrations, the rules of groups and counters.
const DIRECTORY: &str = "directory";

/// What is kept on the disk beside the table, and what of it was found damaged.
pub(crate) struct OpenStore {
    pub(crate) spool: Box<dyn Spool>,
    pub(crate) directory: Box<dyn Directory>,
    pub(crate) losses: Vec<Loss>,
}

/// The directory in which one router keeps its state, locked against others.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    _lock: File,
}

/// Why a state directory cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum StateDirError {
    /// It cannot be made, or files in it cannot be written.
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another router uses it.
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The snapshot in it that is to be taken over is damaged.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        source: SnapshotError,
    },
    /// The state in it has more registrations than the table may have entries.
    TooManyEntries {
        /// The snapshot that is to be taken over, or the directory of the store.
        path: PathBuf,
        /// How many it has that have not expired.
        entries: usize,
        /// How many there may be, `limits.routes`.
        limit: usize,
    },
    /// The state in it has the rules of more groups than there may be.
    TooManyGroups {
        /// The snapshot that is to be taken over, or the directory of the store.
        path: PathBuf,
        /// How many it has.
        groups: usize,
        /// How many there may be, `limits.routes`.
        limit: usize,
    },
    /// The store in it cannot be used.
    Store {
        /// The directory of their files.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
}

/// The kinds of [`StateDirError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateDirErrorKind {
    /// It cannot be made, or files in it cannot be written.
    Unusable,
    /// Another router uses it.
    Locked,
    /// The snapshot in it that is to be taken over is damaged.
    Damaged,
    /// The state in it has more registrations than the table may have entries.
    TooManyEntries,
    /// The state in it has the rules of more groups than there may be.
    TooManyGroups,
    /// The store in it cannot be used.
    Store,
}

impl StateDirError {
    /// What is wrong.
    pub fn kind(&self) -> StateDirErrorKind {
        match self {
            Self::Unusable { .. } => StateDirErrorKind::Unusable,
            Self::Locked { .. } => StateDirErrorKind::Locked,
            Self::Damaged { .. } => StateDirErrorKind::Damaged,
            Self::TooManyEntries { .. } => StateDirErrorKind::TooManyEntries,
            Self::TooManyGroups { .. } => StateDirErrorKind::TooManyGroups,
            Self::Store { .. } => StateDirErrorKind::Store,
        }
    }
}

impl StateDir {
    /// Opens a state directory, makes it (mode 0700) if it is not there, checks that it can be
    /// written, and locks it for as long as the value lives.
    ///
    /// # Errors
    /// When the directory cannot be made, written or locked.
    pub fn open(path: &Path) -> Result<Self, StateDirError> {
        let unusable = |at: &Path| {
            let path = at.to_owned();
            |source| StateDirError::Unusable { path, source }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(unusable(path))?;
        NamedTempFile::new_in(path).map_err(unusable(path))?;
        let lock_path = path.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        let lock = options
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path);
        let lock = lock.map_err(unusable(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StateDirError::Locked {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(unusable(&lock_path)(source)),
        }
    }

    /// Where a snapshot stands that is taken over at the start: one that was put there, that an
    /// older version left, or whose restoring was cut off.
    pub fn snapshot_file(&self) -> PathBuf {
        self.path.join(SNAPSHOT)
    }

    /// The snapshot that is to be taken over, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn snapshot(&self) -> Result<Option<State>, StateDirError> {
        let path = self.snapshot_file();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StateDirError::Unusable { path, source }),
        };
        match snapshot::decode(&bytes) {
            Ok(state) => Ok(Some(state)),
            Err(source) => Err(StateDirError::Damaged { path, source }),
        }
    }

    /// Opens the mailboxes and the directory that are kept here, and tells what was damaged.
    ///
    /// # Errors
    /// When their files cannot be read or written, or another version wrote them.
    pub(crate) fn open_store(
        &self,
        spool: SpoolSettings,
        now: Timestamp,
    ) -> Result<OpenStore, StateDirError> {
        let path = self.path.join(STORE);
        let seed = || RandomState::new().hash_one(now);
        let open = || {
            let files = Box::new(Disk::open(&path.join(DIRECTORY))?);
            let settings = LogDirectorySettings::new(seed());
            let (directory, mut losses) = LogDirectory::open(files, settings)?;
            let files = Box::new(Disk::open(&path.join("mailboxes"))?);
            let settings = LogSpoolSettings {
                spool,
                ..LogSpoolSettings::new(seed())
            };
            let (spool, more) = LogSpool::open(files, settings, now)?;
            losses.extend(more);
            Ok(OpenStore {
                spool: Box::new(spool),
                directory: Box::new(directory),
                losses,
            })
        };
        open().map_err(|source| StateDirError::Store {
            path: path.clone(),
            source,
        })
    }

    /// Puts a snapshot where the next start takes it over: after a crash all of it is there, or
    /// none.
    ///
    /// # Errors
    /// When the file cannot be written; an older one is as it was.
    pub(crate) fn leave_snapshot(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.snapshot_file())?;
        File::open(&self.path)?.sync_all()
    }

    /// Notes that the snapshot was taken over, for good.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub(crate) fn took_snapshot(&self) -> io::Result<()> {
        fs::rename(self.snapshot_file(), self.path.join(IMPORTED))?;
        File::open(&self.path)?.sync_all()
    }
}

/// What is kept in a store, and what happened while it was read. A snapshot in the state directory
/// takes its place first.
///
/// Registrations that expired are removed.
///
/// # Errors
/// When the snapshot cannot be read or is damaged, either has more entries or groups than `limit`, or
/// the store cannot be written.
pub(crate) fn load(
    directory: &mut dyn Directory,
    state_dir: Option<&StateDir>,
    limit: usize,
    now: Timestamp,
) -> Result<(State, Vec<Event>), StateDirError> {
    if let Some(state_dir) = state_dir
        && let Some(state) = state_dir.snapshot()?
    {
        let imported = import(directory, state_dir, state, limit, now)?;
        let (rows, file) = (imported.table.len(), SNAPSHOT.to_owned());
        return Ok((imported, vec![Event::Imported { file, rows }]));
    }
    let path = state_dir.map_or_else(|| PathBuf::from(STORE), |dir| dir.path.join(STORE));
    let expired = directory.expire(now);
    expired.map_err(|source| StateDirError::Store {
        path: path.clone(),
        source,
    })?;
    let (state, unreadable) = kept::load(directory);
    check(path.join(DIRECTORY), &state, limit)?;
    let told = unreadable.into_iter().map(|subject| {
        let text = format!("lost {subject} (its content does not fit)");
        Event::Damaged { text }
    });
    Ok((state, told.collect()))
}

/// Puts a snapshot in the place of what is kept.
fn import(
    directory: &mut dyn Directory,
    state_dir: &StateDir,
    mut state: State,
    limit: usize,
    now: Timestamp,
) -> Result<State, StateDirError> {
    let path = state_dir.snapshot_file();
    state.table.expire(now);
    check(path.clone(), &state, limit)?;
    let replaced = kept::replace(directory, kept::items(&state), state.processed);
    let committed = replaced.and_then(|()| directory.commit());
    committed.map_err(|source| {
        let path = state_dir.path.join(STORE);
        StateDirError::Store { path, source }
    })?;
    let taken = state_dir.took_snapshot();
    taken.map_err(|source| StateDirError::Unusable { path, source })?;
    Ok(state)
}

/// Whether a state has no more registrations and groups than there may be.
fn check(path: PathBuf, state: &State, limit: usize) -> Result<(), StateDirError> {
    let (entries, groups) = (state.table.claims(), state.groups.len());
    if entries > limit {
        return Err(StateDirError::TooManyEntries {
            path,
            entries,
            limit,
        });
    }
    if groups > limit {
        return Err(StateDirError::TooManyGroups {
            path,
            groups,
            limit,
        });
    }
    Ok(())
}

impl fmt::Display for StateDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { path, .. } => write!(
                f,
                "state directory: cannot use {}; make it writable or choose another state_dir",
                path.display()
            ),
            Self::Locked { path } => write!(
                f,
                "state directory {} is in use by another router; stop that one or choose another state_dir",
                path.display()
            ),
            Self::Damaged { path, .. } => write!(
                f,
                "the snapshot {} that is to be taken over is damaged; move it away to start without it, or put a good one in its place",
                path.display()
            ),
            Self::TooManyEntries {
                path,
                entries,
                limit,
            } => write!(
                f,
                "the saved state {} has {entries} registrations, limits.routes is {limit}; raise it, or move that away to start without it",
                path.display()
            ),
            Self::TooManyGroups {
                path,
                groups,
                limit,
            } => write!(
                f,
                "the saved state {} has rules of more groups ({groups}) than limits.routes allows ({limit}); raise it",
                path.display()
            ),
            Self::Store { path, .. } => write!(f, "cannot use the store {}", path.display()),
        }
    }
}

impl Error for StateDirError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unusable { source, .. } => Some(source),
            Self::Locked { .. } | Self::TooManyEntries { .. } | Self::TooManyGroups { .. } => None,
            Self::Damaged { source, .. } => Some(source),
            Self::Store { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SnapshotErrorKind, store::MemoryDirectory};

    #[test]
    fn a_snapshot_is_taken_over_once() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(&dir.path().join("a/b")).unwrap();
        assert!(state_dir.snapshot().unwrap().is_none());
        let state = State {
            processed: 7,
            ..State::default()
        };
        state_dir.leave_snapshot(&snapshot::encode(&state)).unwrap();
        assert_eq!(state_dir.snapshot().unwrap(), Some(state.clone()));
        let (mut directory, now) = (MemoryDirectory::new(), Timestamp::from_millis(1));
        let (loaded, told) = load(&mut directory, Some(&state_dir), 10, now).unwrap();
        assert_eq!(loaded, state);
        assert!(matches!(&told[..], [Event::Imported { rows: 0, .. }]));
        assert!(dir.path().join("a/b").join(IMPORTED).exists());
        let (loaded, told) = load(&mut directory, Some(&state_dir), 10, now).unwrap();
        assert_eq!((loaded, told.len()), (state, 0));
    }

    #[test]
    fn is_used_by_one_router_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateDir::open(dir.path()).unwrap();
        let error = StateDir::open(dir.path()).unwrap_err();
        assert!(matches!(error, StateDirError::Locked { .. }), "{error}");
        drop(first);
        StateDir::open(dir.path()).unwrap();
    }

    #[test]
    fn names_a_directory_that_cannot_be_made() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = StateDir::open(&file.join("state")).unwrap_err();
        assert!(matches!(error, StateDirError::Unusable { .. }));
        assert!(
            error.to_string().contains("choose another state_dir"),
            "{error}"
        );
    }

    #[test]
    fn refuses_a_damaged_state_and_leaves_it() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(dir.path()).unwrap();
        let mut bytes = snapshot::encode(&State::default());
        bytes[4] ^= 1;
        fs::write(state_dir.snapshot_file(), &bytes).unwrap();
        let (directory, now) = (&mut MemoryDirectory::new(), Timestamp::from_millis(1));
        let error = load(directory, Some(&state_dir), 10, now).unwrap_err();
        let StateDirError::Damaged { source, .. } = error else {
            panic!("not damaged");
        };
        assert_eq!(source.kind(), SnapshotErrorKind::Checksum);
        assert_eq!(fs::read(state_dir.snapshot_file()).unwrap(), bytes);
    }
}
