//! tungstenite on the other side, in a thread of its own.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use tungstenite::{
    Bytes, Message, WebSocket,
    protocol::{
        CloseFrame, Role,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};
use tuyau::{
    mem,
    websocket::{Acceptor, Connector, Error, Kind},
};
use tuyau_core::{Acceptor as _, Attempt, Flow, FlowExt, Layer, Stage};

use crate::{request, support::read_to_end};

/// A flow as a stream that blocks its thread.
struct Blocking(mem::Flow);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

impl io::Read for Blocking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(block_on(self.0.read(buffer))?)
    }
}

impl io::Write for Blocking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(block_on(poll_fn(|cx| self.0.poll_write(cx, bytes)))?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(block_on(self.0.flush())?)
    }
}

fn pattern() -> Vec<u8> {
    (0..200_000_u32).map(|number| (number / 5) as u8).collect()
}

/// Reads messages until Close, which it answers, and gives their bytes.
fn read_messages(socket: &mut WebSocket<Blocking>) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => all.extend_from_slice(&bytes),
            Ok(Message::Close(_)) => {
                // Sends the answer to the Close.
                let _ = socket.flush();
                return all;
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Says something in every form that a message can have, and listens.
fn talk(mut socket: WebSocket<Blocking>) -> Vec<u8> {
    socket
        .send(Message::Binary(Bytes::from_static(b"one")))
        .unwrap();
    socket
        .send(Message::Ping(Bytes::from_static(b"there?")))
        .unwrap();
    socket.send(Message::Binary(Bytes::new())).unwrap();
    let part = |bytes: &'static [u8], data, last| {
        Message::Frame(Frame::message(bytes, OpCode::Data(data), last))
    };
    socket.send(part(b"two", Data::Binary, false)).unwrap();
    socket
        .send(Message::Ping(Bytes::from_static(b"still there?")))
        .unwrap();
    socket.send(part(b"three", Data::Continue, true)).unwrap();
    socket.send(Message::Binary(pattern().into())).unwrap();
    let mut heard = Vec::new();
    let mut pongs = 0;
    while heard.len() < pattern().len() {
        match socket.read().unwrap() {
            Message::Binary(bytes) => heard.extend_from_slice(&bytes),
            Message::Pong(_) => pongs += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(pongs > 0);
    socket.close(None).unwrap();
    // Until the other side has closed too.
    while socket.read().is_ok() {}
    heard
}

/// Hears what tungstenite says, and says something to it.
async fn answer(flow: &mut impl Flow) {
    let expected = [&b"onetwothree"[..], &pattern()].concat();
    let mut heard = vec![0; expected.len()];
    flow.read_exact(&mut heard).await.unwrap();
    assert!(heard == expected);
    flow.write_all(&pattern()).await.unwrap();
    flow.flush().await.unwrap();
    assert_eq!(read_to_end(flow).await.unwrap(), b"");
    flow.close_write().await.unwrap();
}

#[tokio::test]
async fn our_client_talks_to_another_server() {
    let (near, far) = mem::pair();
    let server = thread::spawn(|| talk(tungstenite::accept(Blocking(far)).unwrap()));
    let attempt = Attempt::new(Stage::new("websocket"));
    let connector = Connector::new();
    let mut flow = connector.connect(near, &request(), &attempt).await.unwrap();
    answer(&mut flow).await;
    assert!(server.join().unwrap() == pattern());
}

#[tokio::test]
async fn our_server_talks_to_another_client() {
    let (near, far) = mem::pair();
    let client = thread::spawn(|| {
        let (socket, _) = tungstenite::client("ws://example.org/chat", Blocking(near)).unwrap();
        talk(socket)
    });
    let mut flow = Acceptor::new().path("/chat").accept(far).await.unwrap();
    assert_eq!(flow.upgrade().host(), "example.org");
    answer(&mut flow).await;
    assert!(client.join().unwrap() == pattern());
}

#[tokio::test]
async fn what_is_written_before_our_end_arrives_at_another_implementation() {
    let (near, far) = mem::pair();
    let server = thread::spawn(|| read_messages(&mut tungstenite::accept(Blocking(far)).unwrap()));
    let attempt = Attempt::new(Stage::new("websocket"));
    let connector = Connector::new();
    let mut flow = connector.connect(near, &request(), &attempt).await.unwrap();
    flow.write_all(&pattern()).await.unwrap();
    flow.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut flow).await.unwrap(), b"");
    assert!(server.join().unwrap() == pattern());
}

#[tokio::test]
async fn a_close_for_a_reason_is_an_error_that_gives_it() {
    let (near, far) = crate::pair().await;
    let mut socket = WebSocket::from_raw_socket(Blocking(near.into_inner()), Role::Client, None);
    let frame = CloseFrame {
        code: CloseCode::Policy,
        reason: "not today".into(),
    };
    socket.close(Some(frame)).unwrap();
    let mut far = far;
    let error = far.read(&mut [0; 8]).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(
        cause.to_string(),
        "the client closed with the status 1008: not today"
    );
    let cause = cause.downcast_ref::<Error>().unwrap();
    assert!(matches!(cause.kind(), Kind::Closed { status: 1008, .. }));
}

#[tokio::test]
async fn a_breach_is_told_to_another_implementation_by_its_status() {
    let (near, mut far) = crate::pair().await;
    let mut socket = WebSocket::from_raw_socket(Blocking(near.into_inner()), Role::Client, None);
    socket.send(Message::Text("hello".into())).unwrap();
    let error = far.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the client sent a text message, and only binary ones are a byte stream; let it send binary messages"
    );
    let Message::Close(Some(frame)) = socket.read().unwrap() else {
        panic!("it is told");
    };
    assert_eq!(frame.code, CloseCode::Unsupported);
}
