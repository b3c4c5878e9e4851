//! Several lookups at once, answered in the order of their rank.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use ::tokio::time::{Instant, timeout_at};

use super::{DnsError, trickle::Out};

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
}

/// Does all lookups at once. What one of them finds is given as it comes when all before it are done,
/// else as soon as they are.
pub(super) async fn together(mut lookups: Vec<Lookup<'_>>, out: &Out) {
    let mut done = 0;
    poll_fn(|cx| {
        for Lookup { finding, out } in &mut lookups {
            if let Some(future) = finding
                && let Poll::Ready(result) = future.as_mut().poll(cx)
            {
                *finding = None;
                result.unwrap_or_else(|error| out.error(error));
            }
        }
        while let Some(lookup) = lookups.get(done) {
            let over = lookup.finding.is_none();
            lookup.out.hand_on(out);
            if !over {
                return Poll::Pending;
            }
            done += 1;
        }
        Poll::Ready(())
    })
    .await;
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
            lookup(1, [10, 50]),
            lookup(11, [5, 90]),
            lookup(21, [7, 20]),
        ])
        .await;
        assert_eq!(
            seen,
            [
                "10 10.0.0.1",
                "50 10.0.0.2",
                "50 failed",
                "50 10.0.0.11",
                "90 10.0.0.12",
                "90 failed",
                "90 10.0.0.21",
                "90 10.0.0.22",
                "90 failed",
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
