//! Unix stream sockets on tokio.

use tuyau::unix;
use tuyau_conformance::Traits;

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("unix", Traits::stream(), tokio, pair);
}

pub(crate) async fn pair() -> (unix::Flow, unix::Flow) {
    // The path is needed no longer once the two are connected.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = unix::Listener::bind(&path).unwrap();
    connected(unix::Unix, path, listener).await
}
