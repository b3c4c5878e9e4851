//! Files in which a router keeps messages, when they are not those of its state directory.

use std::{fmt, time::Duration};

use crate::{
    Settings, StartError, State, StateDirError, Timestamp,
    journal::Event,
    mail::{self, Member},
    persist::{self, OpenStore, StateDir},
    plane::Plane,
    store::{
        Files, LogDirectory, LogDirectorySettings, LogSpool, LogSpoolSettings, StoreError,
        StoreHandle, StoreThread, StoreThreadSettings,
    },
};

/// Files in which a router keeps messages, in place of those of its state directory, and how they are
/// used: for a simulation, in one thread.
pub struct Storage {
    /// The files of the mailboxes.
    pub mailboxes: Box<dyn Files>,
    /// The files of the directory.
    pub directory: Box<dyn Files>,
    /// How long the files of the logs become, in bytes.
    pub segment_bytes: u32,
    /// So many bytes of messages are in memory beside.
    pub cache_bytes: usize,
    /// From what the salts of the logs follow.
    pub seed: u64,
    /// How long the disk takes for what it is asked next.
    pub delay: Box<dyn FnMut() -> Duration + Send>,
}

/// The store of a router before it is in use.
pub(crate) struct Opened {
    store: OpenStore,
    /// How long the disk takes; none for a real one, which has a thread.
    delay: Option<Box<dyn FnMut() -> Duration + Send>>,
}

/// Opens the store of these settings, if there is one.
pub(crate) fn open(
    settings: &mut Settings,
    state_dir: Option<&StateDir>,
) -> Result<Option<Opened>, StateDirError> {
    let (spool, now) = (settings.limits.spool(), settings.clock.now());
    if let Some(storage) = settings.storage.take() {
        let open = || -> Result<_, StoreError> {
            let directory = LogDirectorySettings {
                segment_bytes: storage.segment_bytes,
                ..LogDirectorySettings::new(storage.seed)
            };
            let (directory, mut losses) = LogDirectory::open(storage.directory, directory)?;
            let spool = LogSpoolSettings {
                spool,
                cache_bytes: storage.cache_bytes,
                segment_bytes: storage.segment_bytes,
                ..LogSpoolSettings::new(storage.seed.wrapping_add(1))
            };
            let (spool, more) = LogSpool::open(storage.mailboxes, spool, now)?;
            losses.extend(more);
            Ok(OpenStore {
                spool: Box::new(spool),
                directory: Box::new(directory),
                losses,
            })
        };
        let store = open().map_err(|source| StateDirError::Store {
            path: "simulated".into(),
            source,
        })?;
        let delay = Some(storage.delay);
        return Ok(Some(Opened { store, delay }));
    }
    let open = |dir: &StateDir| {
        let store = dir.open_store(spool, now)?;
        Ok(Opened { store, delay: None })
    };
    state_dir.map(open).transpose()
}

impl Opened {
    /// Starts the thread or the task of the store.
    pub(crate) fn start(self, plane: &Plane) -> Result<StoreHandle, StartError> {
        let OpenStore {
            spool, directory, ..
        } = self.store;
        let (settings, plane) = (StoreThreadSettings::default(), plane.clone());
        let clock = move || plane.now();
        match self.delay {
            Some(delay) => Ok(StoreHandle::spawn(spool, directory, settings, clock, delay)),
            None => {
                let started = StoreThread::start(spool, directory, settings, clock);
                let (_thread, handle) = started.map_err(StartError::Thread)?;
                Ok(handle)
            }
        }
    }

    /// The state that is kept, and what happened while it was read.
    pub(crate) fn load(
        &mut self,
        state_dir: Option<&StateDir>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(State, Vec<Event>), StateDirError> {
        persist::load(&mut *self.store.directory, state_dir, limit, now)
    }

    /// Who is a durable member of groups.
    pub(crate) fn members(&self) -> Vec<Member> {
        mail::members(&*self.store.directory)
    }

    /// What was found damaged.
    pub(crate) fn losses(&self) -> impl Iterator<Item = Event> {
        self.store.losses.iter().map(|loss| {
            let text = loss.to_string();
            match loss.is_mended() {
                true => Event::Mended { text },
                false => Event::Damaged { text },
            }
        })
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("segment_bytes", &self.segment_bytes)
            .field("cache_bytes", &self.cache_bytes)
            .finish_non_exhaustive()
    }
}
