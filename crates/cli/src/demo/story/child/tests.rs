use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use tokio::sync::oneshot;
use tuyau_wire::SecretKey;

use super::*;

#[tokio::test]
async fn a_stop_that_was_given_up_is_taken_up_by_the_next_one() {
    let router = SecretKey::generate().unwrap().identity();
    let mut child = Child::new(1, Path::new("unused"), router, None);
    let mut process = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let (withdrawn, withdrawal) = oneshot::channel();
    let stdin = process.stdin.take();
    let task = tokio::spawn(async move {
        process.wait().await.unwrap();
        withdrawal.await.unwrap();
    });
    child.running = Some(Running { stdin, task });

    let mut given_up = Context::from_waker(Waker::noop());
    assert!(pin!(child.stop()).poll(&mut given_up).is_pending());
    assert!(child.is_running());

    withdrawn.send(()).unwrap();
    child.stop().await;
    assert!(!child.is_running());
    assert_eq!(child.watch().borrow().detail, "");
}
