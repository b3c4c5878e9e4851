//! Running a future in this thread.

use std::{
    future::Future,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use super::reactor::{Local, Reactor};

/// Runs a future in this thread to its end. While it is pending, the thread waits for its sockets,
/// its timers and whatever else wakes it.
///
/// The future may hold any number of attempts, such as a race has them; they overlap. It may run
/// inside another `block_on`, which then waits for it.
///
/// ```
/// use std::time::Duration;
/// use tuyau::blocking::{Timer, block_on};
/// use tuyau_core::Timer as _;
///
/// let timer = Timer::new();
/// let until = timer.now() + Duration::from_millis(1);
/// block_on(timer.sleep(until));
/// assert!(timer.now() >= until);
/// ```
///
/// # Panics
/// When the system has no poller for this thread, as when too many files are open;
/// [`try_block_on`] gives an error then.
pub fn block_on<F: Future>(future: F) -> F::Output {
    match try_block_on(future) {
        Ok(output) => output,
        Err(error) => panic!("this thread cannot wait for anything: {error}"),
    }
}

/// Like [`block_on`], with an error where it would panic.
///
/// # Errors
/// When the system has no poller for this thread.
pub fn try_block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let local = Local::get()?;
    let _entered = local.enter();
    let signal = Arc::new(Signal {
        woken: AtomicBool::new(false),
        reactor: local.shared.clone(),
    });
    let waker = Waker::from(signal.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
        loop {
            local.wait(&signal.woken)?;
            if signal.woken.swap(false, Ordering::SeqCst) {
                break;
            }
        }
    }
}

/// Whether the future wants to be polled.
struct Signal {
    woken: AtomicBool,
    reactor: Arc<Reactor>,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::SeqCst) {
            self.reactor.interrupt();
        }
    }
}
