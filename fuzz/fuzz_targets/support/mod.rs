//! What the targets of layers share: a peer whose bytes are all there, whole or one at a time.
#![allow(dead_code, reason = "each target uses a part of it")]

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake},
};

use tuyau::{
    fault::{self, Fault, Faults, Trouble},
    mem,
};
use tuyau_core::{Acceptor, ErrorKind, Flow, FlowExt, Timer};

/// A clock for what never looks at it.
struct NoTimer;

impl Timer for NoTimer {
    fn now(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    fn sleep(&self, _: std::time::Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

/// Whether who polls was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs what needs no waiting: everything that it reads is there. It may give way, and is woken then.
pub fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let woken = Arc::new(Woken::default());
    let waker = woken.clone().into();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        assert!(
            woken.0.swap(false, Ordering::Relaxed),
            "it waits for nothing"
        );
    }
}

/// A flow whose peer has said these bytes and ended, read at most `short` at a time; and the peer.
pub fn heard(bytes: &[u8], short: usize) -> (fault::Flow<mem::Flow>, mem::Flow) {
    let (near, mut far) = mem::pair_with_capacity(1 << 20);
    finish(far.write_all(bytes)).unwrap();
    finish(far.close_write()).unwrap();
    let faults = Faults::none().read(Trouble::none().short(short));
    let near = finish(Fault::new(NoTimer).acceptor(faults).accept(near)).unwrap();
    (near, far)
}

/// Everything that can be read, and how it ended.
pub fn read_all(flow: &mut impl Flow) -> (Vec<u8>, Option<ErrorKind>) {
    let (mut all, mut buffer) = (Vec::new(), [0; 100]);
    loop {
        match finish(flow.read(&mut buffer)) {
            Ok(0) => return (all, None),
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) => return (all, Some(error.kind())),
        }
    }
}
