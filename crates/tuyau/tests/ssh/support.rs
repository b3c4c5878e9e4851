//! Both sides of SSH over any flow.

use tokio::runtime::Handle;
use tuyau::ssh::{self, Acceptor, Error, PrivateKey, Remote, ServerSettings, Settings};
use tuyau_core::{Attempt, Flow, Layer, Stage};

pub(crate) fn settings() -> Settings {
    Settings::new()
        .danger_accept_any_host_key()
        .key(PrivateKey::generate().unwrap())
}

pub(crate) fn acceptor() -> Acceptor {
    ServerSettings::new(PrivateKey::generate().unwrap(), |_, _| true).acceptor()
}

/// Performs the dialling side over any flow.
pub(crate) async fn dial<F: Flow>(flow: F, settings: Settings) -> Result<ssh::Flow, Error> {
    let remote = Remote::new("anna", "here", 22, ssh::Open::command("work"));
    let attempt = Attempt::new(Stage::new("ssh"));
    settings.connector().connect(flow, &remote, &attempt).await
}

/// The tasks that the runtime has, this one among them.
pub(crate) fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Lets the tasks that can go on do so.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
