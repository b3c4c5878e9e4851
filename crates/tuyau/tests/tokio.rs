//! Tokio's streams and clock, both ways.
#![cfg(all(feature = "mem", feature = "tokio"))]

use std::{io, io::IoSlice, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tuyau::{
    mem,
    tokio::{Compat, FromTokio, TokioTimer},
};
use tuyau_core::{ErrorKind, Flow, FlowError, FlowExt, Timer};

#[tokio::test(start_paused = true)]
async fn the_timer_follows_paused_time() {
    let timer = TokioTimer::new();
    let hour = Duration::from_secs(3600);
    timer.sleep(hour).await;
    assert!(timer.now() >= hour && timer.now() < hour * 2);
    timer.sleep(Duration::ZERO).await;
}

/// Law 13: a flow is a stream of tokio's.
#[tokio::test]
async fn law_13_a_flow_is_a_stream_with_vectored_writes_and_shutdown() {
    let (near, mut far) = mem::pair();
    let mut stream = Compat::new(near);
    assert!(stream.is_write_vectored());
    let slices = [IoSlice::new(b"one "), IoSlice::new(b"two")];
    assert_eq!(stream.write_vectored(&slices).await.unwrap(), 7);
    stream.shutdown().await.unwrap();
    let mut text = [0; 7];
    far.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"one two");
    assert_eq!(far.read(&mut text).await.unwrap(), 0);
}

/// Law 13: and any stream of tokio's is a flow.
#[tokio::test]
async fn law_13_errors_keep_their_kind_through_a_stream_and_back() {
    let (near, mut far) = mem::pair();
    far.abort();
    let mut stream = Compat::new(near);
    let error = stream.read(&mut [0; 4]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(FlowError::from(error).kind(), ErrorKind::Reset);
    let mut flow = FromTokio::new(stream);
    let error = flow.read(&mut [0; 4]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reset);
}
