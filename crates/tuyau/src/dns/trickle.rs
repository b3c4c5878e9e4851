//! Answers from an asynchronous function that finds them one after the other.

use std::{
    collections::VecDeque,
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use tuyau_core::Answers;

use super::{DnsError, Found, MAX_ADDRESSES};

/// Where answers go.
#[derive(Clone, Debug, Default)]
pub(super) struct Out(Arc<Mutex<Answered>>);

#[derive(Debug, Default)]
struct Answered {
    queue: VecDeque<Result<Found, DnsError>>,
    given: Vec<SocketAddr>,
    left_out: usize,
}

impl Out {
    /// Gives an endpoint, unless it was given before or there are as many as there may be.
    pub(super) fn found(&self, found: Found) {
        let mut answered = self.lock();
        if answered.given.contains(&found.address) {
            return;
        }
        if answered.given.len() == MAX_ADDRESSES {
            answered.left_out += 1;
            return;
        }
        answered.given.push(found.address);
        answered.queue.push_back(Ok(found));
    }

    /// Reports an error; it does not end the answers.
    pub(super) fn error(&self, error: DnsError) {
        self.lock().queue.push_back(Err(error));
    }

    /// Gives another one all that has come here.
    pub(super) fn hand_on(&self, to: &Self) {
        while let Some(answer) = self.take() {
            match answer {
                Ok(found) => to.found(found),
                Err(error) => to.error(error),
            }
        }
        to.lock().left_out += std::mem::take(&mut self.lock().left_out);
    }

    /// Whether an endpoint is here that was not handed on.
    pub(super) fn has_found(&self) -> bool {
        self.lock().queue.iter().any(Result::is_ok)
    }

    fn take(&self) -> Option<Result<Found, DnsError>> {
        self.lock().queue.pop_front()
    }

    fn end(&self, result: Result<(), DnsError>) {
        if let Err(error) = result {
            self.error(error);
        }
        let left_out = self.lock().left_out;
        if left_out > 0 {
            self.error(DnsError::too_many(
                "endpoints",
                left_out + MAX_ADDRESSES,
                MAX_ADDRESSES,
            ));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Answered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answers that `find` puts out, as they come; what it fails with is the last one. Dropping them
/// drops what it does.
pub(super) fn trickle<F>(find: impl FnOnce(Out) -> F) -> Answers<Found>
where
    F: Future<Output = Result<(), DnsError>> + Send + 'static,
{
    let out = Out::default();
    let mut finding = Some(Box::pin(find(out.clone())));
    Answers::from_fn(move |cx| {
        if let Some(future) = &mut finding
            && let Poll::Ready(result) = future.as_mut().poll(cx)
        {
            out.end(result);
            finding = None;
        }
        match out.take() {
            Some(answer) => Poll::Ready(Some(answer.map_err(Into::into))),
            None if finding.is_some() => Poll::Pending,
            None => Poll::Ready(None),
        }
    })
}
