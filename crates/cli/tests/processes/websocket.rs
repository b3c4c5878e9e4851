//! `tuyau connect` over WebSocket, towards the library's own server.

use std::{sync::mpsc, thread};

use tempfile::TempDir;
use tuyau::{tcp, tls, websocket};
use tuyau_core::{Flow, FlowExt as _, Listener, ListenerExt as _};

use crate::{
    connect::{feed, start, text},
    program::fail,
};

/// A WebSocket server that answers one connection in capitals, its port, and the path that was asked
/// for.
fn websocket_server(secure: bool) -> (u16, thread::JoinHandle<String>) {
    let (sender, port) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let serve = async move {
        let address = "tcp://127.0.0.1:0".parse().unwrap();
        let listener = tcp::Listener::bind(&address).unwrap();
        sender.send(listener.address().port().unwrap()).unwrap();
        let web = websocket::Acceptor::new();
        if secure {
            let settings = tls::Settings::new(tls::KeyPair::generate().unwrap());
            let listener = listener.layer("tls", settings.acceptor().unwrap()).unwrap();
            shout_to_one(listener.layer("wss", web).unwrap()).await
        } else {
            shout_to_one(listener.layer("ws", web).unwrap()).await
        }
    };
    let served = thread::spawn(move || runtime.block_on(serve));
    (port.recv().unwrap(), served)
}

async fn shout_to_one(mut listener: impl Listener<Flow: Flow>) -> String {
    let incoming = listener.accept().await.unwrap();
    let mut flow = incoming.handshake.await.unwrap();
    let path = flow.info::<websocket::Upgrade>().unwrap().path().to_owned();
    let mut heard = Vec::new();
    flow.read_to_end(&mut heard, 1000).await.unwrap();
    let answer = heard.to_ascii_uppercase();
    flow.write_all_vectored(&[&answer[..1], &answer[1..]])
        .await
        .unwrap();
    flow.close_write().await.unwrap();
    path
}

#[test]
fn connects_over_websocket_plain_and_secure() {
    let directory = TempDir::new().unwrap();
    for (scheme, stack) in [("ws", "websocket/tcp"), ("wss", "websocket/tls/tcp")] {
        let (port, served) = websocket_server(scheme == "wss");
        let address = format!("{scheme}://127.0.0.1:{port}/chat?room=1");
        let words = ["connect", &address, "-v", "--only", scheme];
        let output = feed(start(directory.path(), &words), b"hi");
        let said = text(&output.stderr);
        assert_eq!(text(&output.stdout), "HI", "{said}");
        assert!(
            said.contains(&format!("over {stack}  from system")),
            "{said}"
        );
        assert_eq!(served.join().unwrap(), "/chat?room=1");
    }
    let error = fail(directory.path(), &["connect", "ssh://127.0.0.1:22"]);
    assert!(
        error.contains("ssh:// is no scheme that is dialled here"),
        "{error}"
    );
}
