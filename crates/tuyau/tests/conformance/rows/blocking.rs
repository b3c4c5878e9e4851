//! The backend for plain threads.

use std::net::SocketAddr;

use tuyau::blocking::{self, TcpFlow, TcpListener, block_on};
use tuyau_conformance::{Serving, ServingTraits, Traits, Work};
use tuyau_core::Listener;

use crate::{list::List, rows, support::connected};

pub(crate) fn rows(list: &mut List) {
    list.flows("blocking_tcp", Traits::stream(), thread, tcp);
    list.serving("blocking_tcp", ServingTraits::new(), thread, async || {
        let (listener, endpoint) = listening();
        Serving::new(listener, blocking::Tcp::new(), endpoint)
    });
    #[cfg(feature = "tls")]
    list.flows("tls_blocking_tcp", rows::tls::TRAITS, thread, async || {
        rows::tls::over(tcp().await).await
    });
    #[cfg(unix)]
    unix::rows(list);
}

fn thread(work: Work) {
    block_on(work);
}

fn listening() -> (TcpListener, SocketAddr) {
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = TcpListener::bind_socket(address).unwrap();
    let endpoint = listener.address().socket().unwrap();
    (listener, endpoint)
}

async fn tcp() -> (TcpFlow, TcpFlow) {
    let (listener, endpoint) = listening();
    connected(blocking::Tcp::new(), endpoint, listener).await
}

#[cfg(unix)]
mod unix {
    use tuyau::blocking::{Unix, UnixFlow, UnixListener};
    use tuyau_conformance::{Serving, ServingTraits, Traits};

    use super::thread;
    use crate::{list::List, rows, support::connected};

    pub(super) fn rows(list: &mut List) {
        list.flows("blocking_unix", Traits::stream(), thread, pair);
        list.serving("blocking_unix", ServingTraits::new(), thread, async || {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("s");
            let listener = UnixListener::bind(&path).unwrap();
            Serving::new(listener, Unix, path).keep(directory)
        });
        #[cfg(feature = "tls")]
        list.flows("tls_blocking_unix", rows::tls::TRAITS, thread, async || {
            rows::tls::over(pair().await).await
        });
    }

    async fn pair() -> (UnixFlow, UnixFlow) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        connected(Unix, path, listener).await
    }
}
