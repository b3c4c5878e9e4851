//! What the targets of layers share: a peer whose bytes are all there, whole or one at a time.
#![allow(dead_code, reason = "each target uses a part of it")]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
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

/// Runs what needs no waiting: everything that it reads is there.
pub fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for nothing"),
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
