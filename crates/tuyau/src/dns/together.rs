//! Several lookups at once, answered in the order of their rank as long as none of them is slow.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use ::tokio::time::{Instant, Sleep, sleep, timeout_at};

use super::{DnsError, RESOLUTION_DELAY, trickle::Out};

/// What ends when all is found.
type Finding<'a> = Pin<Box<dyn Future<Output = Result<(), DnsError>> + Send + 'a>>;

/// A lookup under way, and what it has found so far.
pub(super) struct Lookup<'a> {
    finding: Option<Finding<'a>>,
    out: Out,
}

impl<'a> Lookup<'a> {
    /// What `find` puts out, and what it fails with behind that.
    pub(super) fn new<F>(find: impl FnOnce(Out) -> F) -> Self
    where
        F: Future<Output = Result<(), DnsError>> + Send + 'a,
    {
        let out = Out::default();
        let finding: Finding<'a> = Box::pin(find(out.clone()));
        let finding = Some(finding);
        Self { finding, out }
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(future) = &mut self.finding
            && let Poll::Ready(result) = future.as_mut().poll(cx)
        {
            self.finding = None;
            result.unwrap_or_else(|error| self.out.error(error));
        }
    }

    fn is_over(&self) -> bool {
        self.finding.is_none()
    }
}

/// Does all lookups at once. What one of them finds is given as it comes when all before it are done,
/// else as soon as they are. An endpoint waits for those of a better rank no longer than
/// [`RESOLUTION_DELAY`] (RFC 8305, section 8): once one has, all is given as it comes.
pub(super) async fn together(lookups: Vec<Lookup<'_>>, out: &Out) {
    let mut together = Together {
        lookups,
        delay: None,
    };
    poll_fn(|cx| together.poll(cx, out)).await;
}

struct Together<'a> {
    /// By rank.
    lookups: Vec<Lookup<'a>>,
    /// Begins with the first endpoint that has to wait.
    delay: Option<Pin<Box<Sleep>>>,
}

impl Together<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, out: &Out) -> Poll<()> {
        self.lookups.iter_mut().for_each(|lookup| lookup.poll(cx));
        let due = self.due(cx);
        let due = &self.lookups[..due];
        due.iter().for_each(|lookup| lookup.out.hand_on(out));
        match self.lookups.iter().all(Lookup::is_over) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Of how many lookups the answers are due.
    fn due(&mut self, cx: &mut Context<'_>) -> usize {
        let all = self.lookups.len();
        let Some(slow) = self.lookups.iter().position(|it| !it.is_over()) else {
            return all;
        };
        let in_order = slow + 1;
        let behind = &self.lookups[in_order..];
        if self.delay.is_none() && !behind.iter().any(|it| it.out.has_found()) {
            return in_order;
        }
        let delay = self
            .delay
            .get_or_insert_with(|| Box::pin(sleep(RESOLUTION_DELAY)));
        match delay.is_elapsed() || delay.as_mut().poll(cx).is_ready() {
            true => all,
            false => in_order,
        }
    }
}

/// Works until a time, and then fails with `late`.
pub(super) async fn within<T>(
    until: Instant,
    late: impl FnOnce() -> DnsError,
    work: impl Future<Output = Result<T, DnsError>>,
) -> Result<T, DnsError> {
    let worked = timeout_at(until, work).await;
    worked.unwrap_or_else(|_| Err(late()))
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Duration};

    use ::tokio::time::sleep;

    use super::*;
    use crate::dns::{DnsErrorKind, Found, MAX_ADDRESSES, trickle::trickle};

    fn found(last: u8) -> Found {
        Found::address(([10, 0, 0, last], 1).into(), "x")
    }

    /// A lookup that finds two addresses at these times, in milliseconds, and then fails.
    fn lookup(number: u8, times: [u64; 2]) -> Lookup<'static> {
        Lookup::new(move |out| async move {
            let start = Instant::now();
            for (last, time) in (number..).zip(times) {
                ::tokio::time::sleep_until(start + Duration::from_millis(time)).await;
                out.found(found(last));
            }
            Err(DnsError::new(
                DnsErrorKind::NoRecord,
                &number.to_string(),
                "A",
            ))
        })
    }

    /// What comes, each with its time.
    async fn run(lookups: Vec<Lookup<'static>>) -> Vec<String> {
        let start = Instant::now();
        let seen = Mutex::new(Vec::new());
        let mut answers = trickle(|out| async move {
            together(lookups, &out).await;
            Ok(())
        });
        while let Some(answer) = poll_fn(|cx| answers.poll_next(cx)).await {
            let what = match answer {
                Ok(found) => found.address.ip().to_string(),
                Err(_) => "failed".to_owned(),
            };
            let at = start.elapsed().as_millis();
            seen.lock().unwrap().push(format!("{at} {what}"));
        }
        seen.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn all_are_begun_at_once_and_answered_in_their_order() {
        let seen = run(vec![
            lookup(1, [10, 30]),
            lookup(11, [5, 50]),
            lookup(21, [7, 20]),
        ])
        .await;
        assert_eq!(
            seen,
            [
                "10 10.0.0.1",
                "30 10.0.0.2",
                "30 failed",
                "30 10.0.0.11",
                "50 10.0.0.12",
                "50 failed",
                "50 10.0.0.21",
                "50 10.0.0.22",
                "50 failed",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_waits_fifty_milliseconds_for_slow_lookups_and_from_then_on_none_does() {
        let seen = run(vec![
            lookup(1, [70, 900]),
            lookup(11, [30, 60]),
            lookup(21, [10, 500]),
            lookup(31, [80, 800]),
        ])
        .await;
        assert_eq!(
            seen,
            [
                "60 10.0.0.11",
                "60 10.0.0.12",
                "60 failed",
                "60 10.0.0.21",
                "70 10.0.0.1",
                "80 10.0.0.31",
                "500 10.0.0.22",
                "500 failed",
                "800 10.0.0.32",
                "800 failed",
                "900 10.0.0.2",
                "900 failed",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_alone_does_not_end_the_order() {
        let fails = Lookup::new(|_| async {
            let error = DnsError::new(DnsErrorKind::NoSuchName, "x", "A");
            Err(error)
        });
        let seen = run(vec![lookup(1, [300, 310]), fails, lookup(11, [290, 400])]).await;
        assert_eq!(
            seen,
            [
                "300 10.0.0.1",
                "310 10.0.0.2",
                "310 failed",
                "310 failed",
                "310 10.0.0.11",
                "400 10.0.0.12",
                "400 failed",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_bound_holds_for_all_of_them() {
        let many = |first: u8| {
            Lookup::new(move |out: Out| async move {
                (first..first + 20).for_each(|last| out.found(found(last)));
                Ok(())
            })
        };
        let seen = run(vec![many(1), many(101), many(201)]).await;
        let failed = seen.iter().filter(|it| it.ends_with("failed")).count();
        assert_eq!((seen.len() - failed, failed), (MAX_ADDRESSES, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_late_fails() {
        let until = Instant::now() + Duration::from_millis(10);
        let late = || DnsError::new(DnsErrorKind::TimedOut, "x", "A");
        let work = async {
            sleep(Duration::from_millis(11)).await;
            Ok(())
        };
        let error = within(until, late, work).await.unwrap_err();
        assert_eq!(error.kind(), DnsErrorKind::TimedOut);
    }
}
