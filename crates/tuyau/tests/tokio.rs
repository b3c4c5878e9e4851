//! Tokio's streams and clock, both ways.
#![cfg(all(feature = "mem", feature = "tokio"))]

use std::{io, io::IoSlice, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tuyau::{
    mem,
    tokio::{Compat, CompatRead, CompatWrite, FromTokio, TokioTimer},
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

/// Law 13: and so are its halves, one that reads and one that writes.
#[tokio::test]
async fn law_13_the_halves_of_a_flow_are_streams_for_two_tasks() {
    let (near, far) = mem::pair();
    let (read, write) = near.split();
    let (mut read, mut write) = (CompatRead::new(read), CompatWrite::new(write));
    assert!(write.is_write_vectored());
    let writing = tokio::spawn(async move {
        let slices = [IoSlice::new(b"one "), IoSlice::new(b"two")];
        assert_eq!(write.write_vectored(&slices).await.unwrap(), 7);
        write.shutdown().await.unwrap();
        write
    });
    let mut echo = Compat::new(far);
    let mut heard = String::new();
    echo.read_to_string(&mut heard).await.unwrap();
    echo.write_all(heard.to_uppercase().as_bytes())
        .await
        .unwrap();
    echo.shutdown().await.unwrap();
    let mut answer = String::new();
    read.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "ONE TWO");
    let write = writing.await.unwrap().into_half();
    assert!(read.into_half().unite(write).is_ok());
}

/// Law 13: errors of a half are those of its flow.
#[tokio::test]
async fn law_13_an_aborted_half_is_closed_and_so_is_the_other() {
    let (near, _far) = mem::pair();
    let (read, write) = near.split();
    let (mut read, mut write) = (CompatRead::new(read), CompatWrite::new(write));
    read.half_mut().abort();
    let closed = |error: io::Error| FlowError::from(error).kind() == ErrorKind::Closed;
    assert!(closed(read.read(&mut [0; 4]).await.unwrap_err()));
    assert!(closed(write.write(b"x").await.unwrap_err()));
    assert!(closed(write.half_mut().flush().await.unwrap_err().into()));
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
