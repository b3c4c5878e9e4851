//! Faults happen where they were ordered, and nowhere else.
#![cfg(all(feature = "fault", feature = "mem", feature = "tokio"))]

#[path = "../support/mod.rs"]
mod support;

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use support::{meet, poll_once, read_to_end};
use tuyau::{
    fault::{self, Fault, Faults, Trouble},
    mem,
    tokio::TokioTimer,
};
use tuyau_core::{Acceptor, AnyFlow, Attempt, ErrorKind, Flow, FlowExt, Layer, Stage, Timer};

async fn pair(faults: Faults) -> (fault::Flow<mem::Flow>, mem::Flow) {
    let (near, far) = mem::pair();
    let attempt = Attempt::new(Stage::new("fault"));
    let layer = Fault::new(TokioTimer::new());
    let Ok(near) = layer.connect(near, &faults, &attempt).await;
    (near, far)
}

#[tokio::test(start_paused = true)]
async fn each_read_and_write_waits_for_its_delay() {
    let delay = |millis| Trouble::none().delay(Duration::from_millis(millis));
    let (mut near, mut far) = pair(Faults::none().read(delay(30)).write(delay(200))).await;
    let timer = TokioTimer::new();
    for round in 1..=3 {
        near.write_all(b"ab").await.unwrap();
        assert_eq!(timer.now(), Duration::from_millis(230 * round - 30));
        far.write_all(b"c").await.unwrap();
        assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 1);
        assert_eq!(timer.now(), Duration::from_millis(230 * round));
    }
    // Nothing that moves no bytes waits.
    near.flush().await.unwrap();
    assert_eq!(near.read(&mut []).await.unwrap(), 0);
    near.close_write().await.unwrap();
    assert_eq!(timer.now(), Duration::from_millis(690));
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"ababab");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_given_up_does_not_begin_its_delay_anew() {
    let trouble = Trouble::none().delay(Duration::from_secs(5));
    let (mut near, mut far) = pair(Faults::none().read(trouble)).await;
    far.write_all(b"x").await.unwrap();
    for _ in 0..4 {
        assert!(poll_once(near.read(&mut [0; 1])).is_pending());
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let timer = TokioTimer::new();
    assert_eq!(near.read(&mut [0; 1]).await.unwrap(), 1);
    assert_eq!(timer.now(), Duration::from_secs(1));
}

#[tokio::test]
async fn reads_and_writes_are_short() {
    let short = Faults::none()
        .read(Trouble::none().short(3))
        .write(Trouble::none().short(2));
    let (mut near, mut far) = pair(short).await;
    let count = poll_fn(|cx| near.poll_write_vectored(cx, &[b"", b"a", b"bcd"])).await;
    assert_eq!(count.unwrap(), 2);
    let mut read = [0; 8];
    assert_eq!(far.read(&mut read).await.unwrap(), 2);
    assert_eq!(&read[..2], b"ab");
    far.write_all(b"12345").await.unwrap();
    assert_eq!(near.read(&mut read).await.unwrap(), 3);
    assert_eq!(near.read(&mut read).await.unwrap(), 2);
    assert_eq!(&read[..2], b"45");
}

#[tokio::test]
async fn the_ordered_bytes_are_changed_and_no_others() {
    let trouble = || Trouble::none().corrupt(5).corrupt(0).corrupt(2).corrupt(5);
    let faults = Faults::none().read(trouble()).write(trouble());
    let (mut near, mut far) = pair(faults).await;
    let expected = [!b'a', b'b', !b'c', b'd', b'e', !b'f', b'g'];
    near.write_all(b"abcdefg").await.unwrap();
    near.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut far).await.unwrap(), expected);
    far.write_all(b"abcdefg").await.unwrap();
    far.close_write().await.unwrap();
    assert_eq!(read_to_end(&mut near).await.unwrap(), expected);
}

#[tokio::test]
async fn a_cut_while_writing_ends_both_directions_after_the_last_byte_arrived() {
    let (mut near, mut far) = pair(Faults::none().write(Trouble::none().cut(4))).await;
    let error = near.write_all(b"abcdef").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reset);
    for _ in 0..2 {
        assert_eq!(
            near.read(&mut [0; 1]).await.unwrap_err().kind(),
            ErrorKind::Reset
        );
        assert_eq!(near.flush().await.unwrap_err().kind(), ErrorKind::Reset);
        assert_eq!(
            near.close_write().await.unwrap_err().kind(),
            ErrorKind::Reset
        );
    }
    assert!(near.inner().is_none());
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"abcd");
    assert_eq!(
        far.write_all(b"x").await.unwrap_err().kind(),
        ErrorKind::Reset
    );
}

#[tokio::test]
async fn the_end_of_what_is_written_is_cut_as_a_byte_is() {
    let (mut near, mut far) = pair(Faults::none().write(Trouble::none().cut(2))).await;
    near.write_all(b"ab").await.unwrap();
    assert_eq!(
        near.close_write().await.unwrap_err().kind(),
        ErrorKind::Reset
    );
    assert_eq!(read_to_end(&mut far).await.unwrap(), b"ab");
    assert_eq!(
        far.write_all(b"x").await.unwrap_err().kind(),
        ErrorKind::Reset
    );
}

/// Notes that a task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_cut_wakes_the_task_that_waits_in_the_other_direction() {
    let (mut near, _far) = pair(Faults::none().write(Trouble::none().cut(0))).await;
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(near.poll_read(&mut cx, &mut [0; 1]).is_pending());
    near.write_all(b"a").await.unwrap_err();
    assert!(woken.0.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_direction_never_moves_again_and_the_other_does() {
    let faults = Faults::none()
        .read(Trouble::none().stall(3))
        .write(Trouble::none().stall(0));
    let (mut near, mut far) = pair(faults).await;
    far.write_all(b"abcdef").await.unwrap();
    far.close_write().await.unwrap();
    near.read_exact(&mut [0; 3]).await.unwrap();
    let hour = Duration::from_secs(3600);
    assert!(
        tokio::time::timeout(hour, near.read(&mut [0; 1]))
            .await
            .is_err()
    );
    assert!(
        tokio::time::timeout(hour, near.write_all(b"x"))
            .await
            .is_err()
    );
    assert!(
        tokio::time::timeout(hour, near.close_write())
            .await
            .is_err()
    );
    assert!(poll_once(far.read(&mut [0; 1])).is_pending());
    near.abort();
    assert_eq!(
        near.read(&mut [0; 1]).await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}

#[tokio::test]
async fn the_serving_side_has_faults_of_its_own() {
    let (near, mut far) = mem::pair();
    let faults = Faults::none().write(Trouble::none().corrupt(0));
    let acceptor = Fault::new(TokioTimer::new()).acceptor(faults.clone());
    let near = Acceptor::accept(acceptor, near).await.unwrap();
    let mut near = AnyFlow::new(near);
    assert_eq!(near.info::<Faults>(), Some(&faults));
    near.write_all(b"a").await.unwrap();
    let mut read = [0];
    far.read_exact(&mut read).await.unwrap();
    assert_eq!(read, [!b'a']);
}

#[tokio::test]
async fn the_report_says_which_faults_a_connect_had() {
    let trouble = Trouble::none()
        .delay(Duration::from_millis(3))
        .short(7)
        .corrupt(9);
    let faults = Faults::none()
        .read(trouble)
        .write(Trouble::none().cut(1).stall(2));
    let fault = Fault::new(TokioTimer::new());
    let (connected, _flow) = meet(fault, faults, async |flow| flow).await;
    let report = connected.unwrap().report;
    assert_eq!(
        report.attempts[0].endpoint.as_ref().unwrap().to_string(),
        "peer reads delayed by 3ms, at most 7 B at once, byte 9 changed writes cut after 1 B, stalled after 2 B"
    );
    assert_eq!(report.attempts[0].protocol.as_deref(), Some("fault/mem"));
}

/// A fault takes nothing of what protects the flow beneath, and adds nothing to it.
#[cfg(feature = "tls")]
#[test]
fn what_is_beneath_keeps_its_security() {
    use tuyau::tls::{Authenticator, Settings};
    use tuyau_core::{Protocol, ProtocolExt, Security};

    let security = |authenticator| {
        let tls = Settings::anonymous(authenticator).connector().unwrap();
        let protocol = mem::Protocol::new(mem::Hub::new()).layer(tls);
        protocol.layer(Fault::new(tokio_timer())).security()
    };
    let proved = security(Authenticator::pinned_key());
    assert_eq!(proved, Security::Authenticated);
    let anyone = security(Authenticator::danger_accept_anyone());
    assert_eq!(anyone, Security::Encrypted);
    let plain = mem::Protocol::new(mem::Hub::new()).layer(Fault::new(tokio_timer()));
    assert_eq!(plain.security(), Security::Plain);
}

/// A timer for what never asks it.
#[cfg(feature = "tls")]
fn tokio_timer() -> TokioTimer {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    TokioTimer::new()
}
