//! The backend for plain threads.

use std::net::{self, SocketAddr};

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
    list.flows("from_std_tcp", Traits::stream(), thread, from_std);
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

/// Connected and accepted by std.
async fn from_std() -> (TcpFlow, TcpFlow) {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let near = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    let flow = |stream| TcpFlow::from_std(stream).unwrap();
    (flow(near), flow(far))
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::UnixStream;

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
        list.flows("from_std_unix", Traits::stream(), thread, from_std);
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
    async fn from_std() -> (UnixFlow, UnixFlow) {
        let (near, far) = UnixStream::pair().unwrap();
        let flow = |stream| UnixFlow::from_std(stream).unwrap();
        (flow(near), flow(far))
    }
}
