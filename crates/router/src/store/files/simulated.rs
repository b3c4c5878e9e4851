//! A disk in memory that loses power, tears and fails, in a way that a seed repeats.

mod file;
mod random;

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use file::Content;
pub use random::Random;

use super::{Files, OpenFile};

/// A directory in memory. Clones are the same directory.
///
/// What was written is on the disk after a sync; at a [power cut](SimulatedDisk::power_cut) each
/// sector that was written later is there or not, and so is each file that was made or removed
/// since the directory was synced.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

/// How the disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power is cut during this operation: it and all later ones fail.
    PowerCut,
    /// A write fails for want of space, when a part of it was done. Later ones do not.
    NoSpace,
    /// An operation fails. When it is a sync, what was not on the disk is forgotten at the next
    /// power cut, whatever later syncs say.
    Broken,
}

struct State {
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    changed: Vec<(String, Option<usize>)>,
    contents: Vec<Content>,
    random: Random,
    /// How many operations succeed before the fault.
    fault: Option<(u64, Fault)>,
    off: bool,
    operations: u64,
}

struct Handle {
    state: Arc<Mutex<State>>,
    number: usize,
}

impl SimulatedDisk {
    /// An empty directory whose tearing follows from a seed.
    pub fn new(seed: u64) -> Self {
        let state = State {
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changed: Vec::new(),
            contents: Vec::new(),
            random: Random::new(seed),
            fault: None,
            off: false,
            operations: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Lets a fault happen to the operation that changes or syncs something after so many more.
    pub fn fail_after(&self, operations: u64, fault: Fault) {
        self.state().fault = Some((operations, fault));
    }

    /// Takes back a fault that has not happened.
    pub fn mend(&self) {
        self.state().fault = None;
    }

    /// How many operations there were that change or sync something.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The program that uses it is killed: what was written is there, synced or not. Files that are open
    /// stay dead.
    #[must_use]
    pub fn detach(&self) -> Self {
        let mut state = self.state();
        state.off = true;
        let seed = state.random.next();
        let after = Self::new(seed);
        let mut alive = after.state();
        alive.names = std::mem::take(&mut state.names);
        alive.durable_names = std::mem::take(&mut state.durable_names);
        alive.changed = std::mem::take(&mut state.changed);
        alive.contents = std::mem::take(&mut state.contents);
        drop(alive);
        after
    }

    /// Cuts the power and turns it on again: what was not synced is there, torn or gone. Files that
    /// are open stay dead.
    #[must_use]
    pub fn power_cut(&self) -> Self {
        let mut state = self.state();
        state.off = true;
        let seed = state.random.next();
        let after = Self::new(seed);
        let mut names = state.durable_names.clone();
        for (name, number) in std::mem::take(&mut state.changed) {
            if state.random.below(2) == 0 {
                match number {
                    Some(number) => names.insert(name, number),
                    None => names.remove(&name),
                };
            }
        }
        for (name, number) in names {
            let State {
                contents, random, ..
            } = &mut *state;
            let bytes = contents[number].after_power_cut(random);
            after.set(&name, Some(bytes));
        }
        drop(state);
        after
    }

    /// The names and contents of all files.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let files = state.names.iter();
        files
            .map(|(name, &number)| (name.clone(), state.contents[number].bytes().to_vec()))
            .collect()
    }

    /// Replaces or removes a file, as if it had always been so.
    pub fn set(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut state = self.state();
        let Some(bytes) = bytes else {
            state.names.remove(name);
            state.durable_names.remove(name);
            return;
        };
        let number = state.contents.len();
        state.contents.push(Content::durable(bytes));
        state.names.insert(name.to_owned(), number);
        state.durable_names.insert(name.to_owned(), number);
    }

    /// Writes over what is in a file, on the disk and for those who have it open.
    pub fn overwrite(&self, name: &str, offset: usize, bytes: &[u8]) {
        let mut state = self.state();
        if let Some(&number) = state.names.get(name) {
            state.contents[number].write(offset as u64, bytes);
            state.contents[number].sync();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_on(&self) -> io::Result<()> {
        if self.off {
            return Err(io::Error::other("the power is cut"));
        }
        Ok(())
    }

    /// Counts an operation that changes or syncs something, and gives the fault that happens to it.
    fn operate(&mut self) -> io::Result<Option<Fault>> {
        self.is_on()?;
        self.operations += 1;
        match self.fault {
            Some((0, fault)) => {
                self.fault = None;
                self.off = fault == Fault::PowerCut;
                Ok(Some(fault))
            }
            Some((ref mut left, _)) => {
                *left -= 1;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn link(&mut self, name: &str, number: Option<usize>) {
        match number {
            Some(number) => self.names.insert(name.to_owned(), number),
            None => self.names.remove(name),
        };
        self.changed.push((name.to_owned(), number));
    }
}

fn failed(fault: Fault) -> io::Error {
    match fault {
        Fault::PowerCut => io::Error::other("the power is cut"),
        Fault::NoSpace => io::Error::from(io::ErrorKind::StorageFull),
        Fault::Broken => io::Error::other("the disk is broken"),
    }
}

impl Files for SimulatedDisk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.is_on()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn OpenFile>> {
        let mut state = self.state();
        // A file whose making was cut off may be there all the same.
        let fault = state.operate()?;
        if state.names.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let number = state.contents.len();
        state.contents.push(Content::durable(Vec::new()));
        state.link(name, Some(number));
        match fault {
            Some(fault) => Err(failed(fault)),
            None => Ok(Box::new(Handle {
                state: self.state.clone(),
                number,
            })),
        }
    }

    fn open(&mut self, name: &str) -> io::Result<Box<dyn OpenFile>> {
        let state = self.state();
        state.is_on()?;
        let number = state.names.get(name);
        let number = *number.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(Handle {
            state: self.state.clone(),
            number,
        }))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operate()?;
        if !state.names.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        state.link(name, None);
        fault.map_or(Ok(()), |fault| Err(failed(fault)))
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(fault) = state.operate()? {
            return Err(failed(fault));
        }
        state.durable_names = state.names.clone();
        state.changed.clear();
        Ok(())
    }
}

impl Handle {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the content, or a part of it when a fault happens.
    fn change(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operate()?;
        let most = match fault {
            Some(_) => state.random.below(bytes.len() as u64 + 1) as usize,
            None => bytes.len(),
        };
        state.contents[self.number].write(offset, &bytes[..most]);
        fault.map_or(Ok(()), |fault| Err(failed(fault)))
    }
}

impl OpenFile for Handle {
    fn length(&self) -> io::Result<u64> {
        let state = self.state();
        state.is_on()?;
        Ok(state.contents[self.number].bytes().len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        state.is_on()?;
        let bytes = state.contents[self.number].bytes();
        let start = bytes
            .len()
            .min(usize::try_from(offset).unwrap_or(usize::MAX));
        let length = buffer.len().min(bytes.len() - start);
        buffer[..length].copy_from_slice(&bytes[start..start + length]);
        Ok(length)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(offset, bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        if let Some(fault) = state.operate()? {
            return Err(failed(fault));
        }
        state.contents[self.number].set_length(length);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state();
        match state.operate()? {
            Some(fault) => {
                if fault == Fault::Broken {
                    state.contents[self.number].forget();
                }
                Err(failed(fault))
            }
            None => {
                state.contents[self.number].sync();
                Ok(())
            }
        }
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files();
        let lengths = files.iter().map(|(name, bytes)| (name, bytes.len()));
        f.debug_map().entries(lengths).finish()
    }
}
