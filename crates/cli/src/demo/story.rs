//! What the demo does: a router in this process, simulated services, and real ones as processes.
//!
//! The screen and the headless demo tell the same story, by the same functions.

mod child;
mod error;
mod log;
mod simulated;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{RwLock, RwLockReadGuard, watch};
use tokio::task::JoinHandle;
use tuyau_core::Address;
use tuyau_router::{Router, Settings, Simulated, View};
use tuyau_wire::Identity;

use super::view::ServiceId;

pub use child::{Child, ChildPhase, ChildState};
pub use error::{StoryError, StoryErrorKind};
pub use log::{Line, Log};
use simulated::Services;

/// The demo: a running router and what happens around it.
#[derive(Debug)]
pub struct Story {
    /// Nothing once the story has ended.
    router: RwLock<Option<Router>>,
    identity: Identity,
    services: Mutex<Services>,
    children: [tokio::sync::Mutex<Child>; 2],
    states: [watch::Receiver<ChildState>; 2],
    log: Log,
    watcher: JoinHandle<()>,
    snapshot: PathBuf,
}

impl Story {
    /// Starts the router. Its state is not kept over the end of the demo; `directory` is where the
    /// snapshot and what the two services keep go.
    ///
    /// # Errors
    /// When the router does not start.
    pub async fn start(settings: Settings, directory: &Path) -> Result<Self, StoryError> {
        let (router, journal) = Router::start(settings).await.map_err(StoryError::start)?;
        let log = Log::default();
        let watcher = tokio::spawn(log.clone().follow(journal));
        let address = router.listen().first().cloned();
        let child = |number| Child::new(number, directory, router.identity(), address.clone());
        let children = [child(1), child(2)];
        Ok(Self {
            states: [children[0].watch(), children[1].watch()],
            children: children.map(tokio::sync::Mutex::new),
            services: Mutex::default(),
            snapshot: directory.join("snapshot.cbor"),
            identity: router.identity(),
            router: RwLock::new(Some(router)),
            log,
            watcher,
        })
    }

    /// The identity of the router.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// What happened, latest last.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Where the state is saved.
    pub fn snapshot(&self) -> &Path {
        &self.snapshot
    }

    /// The state, with up to `count` rows from row `first` on.
    ///
    /// # Errors
    /// When the router has ended.
    pub async fn view(&self, first: usize, count: usize) -> Result<View, StoryError> {
        let router = self.router().await?;
        let view = router.view(first, count).await;
        view.ok_or_else(StoryError::ended)
    }

    /// Has `count` simulated services register: fresh keys, random IPv4 addresses and ports.
    ///
    /// # Errors
    /// When the router refuses one of them.
    pub async fn simulate(&self, count: usize) -> Result<(), StoryError> {
        for _ in 0..count {
            let (identity, message) = self.services().fresh()?;
            self.say(identity, message).await?;
        }
        Ok(())
    }

    /// Has the first identity of the table, among those whose key the demo holds, register a new
    /// route; gives that identity and route.
    ///
    /// # Errors
    /// When the demo holds the key of none, or the router refuses.
    pub async fn reroute(&self) -> Result<(Identity, Address), StoryError> {
        let view = self.view(0, usize::MAX).await?;
        let identities = view.rows.iter().map(|row| row.identity);
        let (identity, route, message) = self.services().reroute(identities)?;
        self.say(identity, message).await?;
        Ok((identity, route))
    }

    async fn say(&self, identity: Identity, message: Vec<u8>) -> Result<(), StoryError> {
        match self.router().await?.simulate(identity, message).await {
            Some(Simulated::Accepted) => Ok(()),
            Some(Simulated::Rejected { code, text }) => Err(StoryError::rejected(code, &text)),
            None => Err(StoryError::ended()),
        }
    }

    /// Saves the state to the snapshot file, and gives its length in bytes.
    ///
    /// # Errors
    /// When the file cannot be written; an earlier one is then as it was.
    pub async fn save(&self) -> Result<usize, StoryError> {
        let bytes = self.router().await?.save().await;
        let bytes = bytes.ok_or_else(StoryError::ended)?;
        crate::files::replace(&self.snapshot, &bytes)
            .map_err(|error| StoryError::file(&self.snapshot, error))?;
        Ok(bytes.len())
    }

    /// Restores the state from the snapshot file.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged; the state is then as it was.
    pub async fn restore(&self) -> Result<(), StoryError> {
        let bytes = std::fs::read(&self.snapshot)
            .map_err(|error| StoryError::unread(&self.snapshot, error))?;
        let router = self.router().await?;
        router
            .restore(&bytes)
            .await
            .map_err(|error| StoryError::damaged(&self.snapshot, error))
    }

    /// Starts a test service, or stops it if it runs; gives whether it runs now.
    ///
    /// # Errors
    /// When its process cannot be started.
    pub async fn toggle(&self, service: ServiceId) -> Result<bool, StoryError> {
        let mut child = self.children[service.index()].lock().await;
        if child.is_running() {
            child.stop().await;
            return Ok(false);
        }
        child.start(&self.log)?;
        Ok(true)
    }

    /// What is known of a test service now.
    pub fn child(&self, service: ServiceId) -> ChildState {
        self.states[service.index()].borrow().clone()
    }

    /// What is known of a test service as soon as `is_so` holds of it.
    pub async fn child_when(
        &self,
        service: ServiceId,
        is_so: impl FnMut(&ChildState) -> bool,
    ) -> ChildState {
        let mut states = self.states[service.index()].clone();
        let state = states.wait_for(is_so).await.map(|state| state.clone());
        state.unwrap_or_default()
    }

    /// Stops the services, which take their registrations back, then the router. What is under way
    /// may still hold the story; it finds the router gone. Stopping again does nothing.
    ///
    /// # Cancel safety
    /// What was not stopped yet when the future is dropped is stopped by another call.
    pub async fn stop(&self) {
        let [one, two] = &self.children;
        tokio::join!(stop_child(one), stop_child(two));
        let router = self.router.write().await.take();
        if let Some(router) = router {
            router.stop().await;
        }
        self.watcher.abort();
    }

    async fn router(&self) -> Result<RwLockReadGuard<'_, Router>, StoryError> {
        let router = self.router.read().await;
        RwLockReadGuard::try_map(router, Option::as_ref).map_err(|_| StoryError::ended())
    }

    fn services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn stop_child(child: &tokio::sync::Mutex<Child>) {
    child.lock().await.stop().await;
}

#[cfg(test)]
mod tests;
