//! A throttled flow is as fast as its limits permit, not faster and not slower.
#![cfg(all(feature = "mem", feature = "throttle", feature = "tokio"))]

#[path = "support/mod.rs"]
mod support;

use std::{future::poll_fn, time::Duration};

use support::{meet, poll_once, read_to_end};
use tuyau::{
    mem,
    throttle::{self, Limits, Rate, Throttle},
    tokio::TokioTimer,
};
use tuyau_core::{Acceptor, AnyFlow, Attempt, ErrorKind, Flow, FlowExt, Layer, Stage, Timer};

async fn pair(limits: Limits) -> (throttle::Flow<mem::Flow>, mem::Flow) {
    let (near, far) = mem::pair();
    let attempt = Attempt::new(Stage::new("throttle"));
    let layer = Throttle::new(TokioTimer::new());
    let Ok(near) = layer.connect(near, &limits, &attempt).await;
    (near, far)
}

/// A thousand bytes a second, a hundred at once.
fn slow() -> Rate {
    Rate::per_second(1000).burst(100)
}

#[tokio::test(start_paused = true)]
async fn writing_takes_the_time_of_what_is_beyond_the_burst() {
    let (mut near, mut far) = pair(Limits::none().write(slow())).await;
    let timer = TokioTimer::new();
    near.write_all(&[1; 100]).await.unwrap();
    assert_eq!(timer.now(), Duration::ZERO);
    near.write_all(&[2; 500]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_millis(500));
    // The other direction is not limited.
    far.write_all(&[3; 5000]).await.unwrap();
    near.read_exact(&mut [0; 5000]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_millis(500));
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap().len(), 600);
}

#[tokio::test(start_paused = true)]
async fn reading_takes_the_time_of_what_is_beyond_the_burst() {
    let (mut near, mut far) = pair(Limits::none().read(slow())).await;
    let timer = TokioTimer::new();
    far.write_all(&[1; 1100]).await.unwrap();
    near.read_exact(&mut [0; 1100]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn silence_saves_up_one_burst_and_no_more() {
    let (mut near, _far) = pair(Limits::none().write(slow())).await;
    let timer = TokioTimer::new();
    near.write_all(&[1; 100]).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    near.write_all(&[2; 100]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_secs(60));
    near.write_all(&[3; 10]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_millis(60_010));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_pass_is_left_where_it_is() {
    let (mut near, mut far) = pair(Limits::both(slow())).await;
    far.write_all(&[9; 200]).await.unwrap();
    let mut buffer = [0; 4096];
    assert_eq!(near.read(&mut buffer).await.unwrap(), 100);
    assert!(poll_once(near.read(&mut buffer)).is_pending());
    let slices: [&[u8]; 3] = [&[1; 60], &[2; 60], &[3; 60]];
    let count = poll_fn(|cx| near.poll_write_vectored(cx, &slices)).await;
    assert_eq!(count.unwrap(), 100);
    assert!(poll_once(near.write_all(b"x")).is_pending());
    assert_eq!(far.read(&mut buffer).await.unwrap(), 100);
    assert_eq!(buffer[..100], [[1; 60].as_slice(), &[2; 40]].concat());
    // What was given up takes nothing from what may pass.
    assert_eq!(near.read(&mut buffer[..10]).await.unwrap(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_byte_every_few_seconds_is_a_rate_too() {
    let (mut near, mut far) = pair(Limits::none().write(Rate::per_second(0))).await;
    let timer = TokioTimer::new();
    near.write_all(&[1; 5]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_secs(4));
    far.read_exact(&mut [0; 5]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_aborted_flow_says_so_without_waiting() {
    let (mut near, mut far) = pair(Limits::both(slow())).await;
    near.write_all(&[0; 100]).await.unwrap();
    near.abort();
    let error = near.write_all(&[0; 100]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(
        far.read(&mut [0; 1]).await.unwrap_err().kind(),
        ErrorKind::Reset
    );
    assert_eq!(TokioTimer::new().now(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_serving_side_has_limits_of_its_own() {
    let (near, mut far) = mem::pair();
    let limits = Limits::none().write(slow());
    let acceptor = Throttle::new(TokioTimer::new()).acceptor(limits);
    let near = Acceptor::accept(acceptor, near).await.unwrap();
    let mut near = AnyFlow::new(near);
    assert_eq!(near.info::<Limits>(), Some(&limits));
    let timer = TokioTimer::new();
    near.write_all(&[0; 200]).await.unwrap();
    assert_eq!(timer.now(), Duration::from_millis(100));
    far.read_exact(&mut [0; 200]).await.unwrap();
}

#[tokio::test]
async fn the_report_says_which_limits_a_connect_had() {
    let layer = Throttle::new(TokioTimer::new());
    let (connected, _flow) = meet(layer, Limits::both(slow()), async |flow| flow).await;
    let report = connected.unwrap().report;
    assert_eq!(
        report.attempts[0].endpoint.as_ref().unwrap().to_string(),
        "peer reads at 1000 B/s writes at 1000 B/s"
    );
}
