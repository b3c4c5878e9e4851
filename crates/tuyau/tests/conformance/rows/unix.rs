//! Unix stream sockets on tokio.

use tuyau::unix;
use tuyau_conformance::{Serving, ServingTraits, Traits, endpoint_cases};

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("unix", Traits::stream(), tokio, pair);
    list.serving("unix", ServingTraits::new(), tokio, async || {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = unix::Listener::bind(&path).unwrap();
        Serving::new(listener, unix::Unix, path).keep(directory)
    });
    let endpoints = vec!["/run/x.sock".into()];
    let refused = &["unix://name", "unix:///run/x.sock?x"];
    list.add("unix", endpoint_cases::<unix::UnixKey>("unix", endpoints, refused));
}

pub(crate) async fn pair() -> (unix::Flow, unix::Flow) {
    // The path is needed no longer once the two are connected.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = unix::Listener::bind(&path).unwrap();
    connected(unix::Unix, path, listener).await
}
