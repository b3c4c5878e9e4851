//! Several futures in one thread, each with a waker of its own, and a place to run them.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use crate::Work;

/// Runs what needs no runtime and no other thread, such as flows in memory.
///
/// Whatever wakes such a future is done by the future itself, so one that is pending and was not
/// woken hangs; that is found at once, and not by a deadline.
///
/// # Panics
/// When it hangs.
pub fn run_in_place(mut work: Work) {
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(flag.clone());
    while work
        .as_mut()
        .poll(&mut Context::from_waker(&waker))
        .is_pending()
    {
        let woken = flag.woken.swap(false, Ordering::Relaxed);
        assert!(woken, "it hangs: it is pending, and nothing will wake it");
    }
}

/// Lets others run, and goes on.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls once, and drops the future.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs two futures at once, each polled only when its own waker was used.
pub(crate) async fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (first, second) = (pin!(first), pin!(second));
    let (mut first, mut second) = (Task::new(first), Task::new(second));
    poll_fn(|cx| {
        let (one, other) = (first.run(cx), second.run(cx));
        if one && other {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    match (first.output, second.output) {
        (Some(first), Some(second)) => (first, second),
        _ => unreachable!("both have come to their end"),
    }
}

/// A future, its own waker and what it came to.
struct Task<'a, F: Future> {
    future: Pin<&'a mut F>,
    flag: Arc<Flag>,
    waker: Waker,
    output: Option<F::Output>,
}

impl<'a, F: Future> Task<'a, F> {
    fn new(future: Pin<&'a mut F>) -> Self {
        let flag = Arc::new(Flag::default());
        flag.woken.store(true, Ordering::Relaxed);
        Self {
            future,
            waker: Waker::from(flag.clone()),
            flag,
            output: None,
        }
    }

    /// Polls it if it was woken; whether it has come to its end.
    fn run(&mut self, cx: &Context<'_>) -> bool {
        if self.output.is_some() {
            return true;
        }
        self.flag.set_parent(cx.waker());
        if self.flag.woken.swap(false, Ordering::AcqRel) {
            let mut own = Context::from_waker(&self.waker);
            if let Poll::Ready(output) = self.future.as_mut().poll(&mut own) {
                self.output = Some(output);
            }
        }
        self.output.is_some()
    }
}

/// Whether a task was woken, and whom to tell.
#[derive(Default)]
struct Flag {
    woken: AtomicBool,
    parent: Mutex<Option<Waker>>,
}

impl Flag {
    fn set_parent(&self, waker: &Waker) {
        let mut parent = self.parent.lock().unwrap_or_else(PoisonError::into_inner);
        if !parent.as_ref().is_some_and(|it| it.will_wake(waker)) {
            *parent = Some(waker.clone());
        }
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        let parent = self.parent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parent) = parent.clone() {
            parent.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tasks_run_at_once_and_wake_each_other() {
        let turn = Mutex::new((0, None::<Waker>));
        let player = async |parity: u32| {
            for round in 0..10 {
                poll_fn(|cx| {
                    let mut turn = turn.lock().unwrap();
                    if turn.0 == 2 * round + parity {
                        turn.0 += 1;
                        turn.1.take().into_iter().for_each(Waker::wake);
                        return Poll::Ready(());
                    }
                    turn.1 = Some(cx.waker().clone());
                    Poll::Pending
                })
                .await;
            }
        };
        let mut game = pin!(both(player(1), player(0)));
        while poll_once(game.as_mut()).is_pending() {}
        assert_eq!(turn.lock().unwrap().0, 20);
    }

    #[test]
    #[should_panic(expected = "it hangs")]
    fn what_nothing_wakes_is_found() {
        run_in_place(Box::pin(std::future::pending()));
    }
}
