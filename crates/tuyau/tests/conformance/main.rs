//! The conformance list: every protocol, layer, resolver and backend by name, each held to the laws of
//! [`tuyau_conformance`], with its own types and erased.
//!
//! `cargo test -p tuyau --test conformance` runs all of it, `-- --list` lists it, and `-- tls_tcp::`
//! runs what has that in its name. A row that this machine cannot run is listed as ignored, with the
//! reason.
//!
//! # Adding a row
//!
//! 1. A file `rows/<family>.rs`, with the function that makes two connected flows and one that names
//!    the rows:
//!
//!    ```ignore
//!    use tuyau_conformance::{NotRun, Pair, Traits};
//!    use crate::list::{List, tokio};
//!
//!    pub(crate) fn rows(list: &mut List) {
//!        // Name, in what it differs from TCP, who drives it (any `block_on`), and the pair.
//!        list.flows("vsock", Traits::stream(), tokio, pair);
//!    }
//!
//!    pub(crate) async fn pair() -> Result<Pair<vsock::Flow, vsock::Flow>, NotRun> {
//!        let listener = vsock::Listener::bind(…).map_err(|_| NotRun::new("no vsock loopback"))?;
//!        let (near, far) = connected(vsock::Vsock, endpoint, listener).await;
//!        // What has to live as long as the flows, such as a directory or a child process.
//!        Ok(Pair::new(near, far).keep(directory))
//!    }
//!    ```
//!
//!    A pair may also be a plain `(near, far)`. [`support::connected`] dials and accepts,
//!    [`support::layered`] runs a layer's two sides over a pair. A listener and the protocol that dials
//!    it are a row of `list.serving`, as in `rows/tcp.rs`; a layer over them too, as in `rows/tls.rs`.
//!    Datagrams are a row of `list.datagrams` and of `list.datagram_serving`, and a key's endpoints one
//!    of `list.add(row, endpoint_cases::<Key>(…))`. A resolver is a row of `list.resolver`, as in
//!    `rows/resolvers.rs`. The rows of keys and those of resolvers are named in `complete.rs`.
//! 2. A line in `rows.rs`, with the feature as its `cfg`, in alphabetical order, and one in `complete.rs`,
//!    which compares what is listed with the features of the crate.
//! 3. The feature in `full` of `Cargo.toml`, if it is a new one.
//!
//! No case waits for time to pass: each either comes to its end or hangs, and then a generous
//! deadline fails it.

mod complete;
mod knowledge;
mod list;
#[allow(dead_code, reason = "the tests of DNS need the rest of it")]
#[path = "../dns/server.rs"]
mod name_server;
mod rows;
mod support;
#[cfg(target_os = "linux")]
#[path = "../support/terminal.rs"]
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = libtest_mimic::Arguments::from_args();
    let mut list = list::List::default();
    rows::all(&mut list);
    knowledge::rows(&mut list);
    let complete = complete::trials(list.names());
    let trials = list.into_trials().into_iter().chain(complete);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
