//! What resolvers answer.

use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt,
    future::Future,
    task::{Context as TaskContext, Poll, ready},
};

use crate::BoxError;

/// A resolver's answers, which may trickle in; dropping it stops the resolving.
pub struct Answers<E>(Box<PollAnswer<E>>);

type PollAnswer<E> = dyn FnMut(&mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> + Send;

impl<E: Send + 'static> Answers<E> {
    /// Answers that are known already, best first.
    pub fn ready<I>(endpoints: I) -> Self
    where
        I: IntoIterator<Item = E>,
        I::IntoIter: Send + 'static,
    {
        let mut endpoints = endpoints.into_iter();
        Self::from_fn(move |_| Poll::Ready(endpoints.next().map(Ok)))
    }

    /// Answers that come all at once.
    pub fn from_future<F>(future: F) -> Self
    where
        F: Future<Output = Result<Vec<E>, BoxError>> + Send + 'static,
    {
        let mut future = Some(Box::pin(future));
        let mut found = Vec::new().into_iter();
        Self::from_fn(move |cx| {
            if let Some(pending) = &mut future {
                let result = ready!(pending.as_mut().poll(cx));
                future = None;
                match result {
                    Ok(endpoints) => found = endpoints.into_iter(),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
            Poll::Ready(found.next().map(Ok))
        })
    }

    /// Answers from a function that is polled: `None` ends them, and it is not called after that.
    pub fn from_fn<F>(poll: F) -> Self
    where
        F: FnMut(&mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> + Send + 'static,
    {
        Self(Box::new(poll))
    }

    /// The same answers, each changed by `change`.
    pub fn map<T, F>(self, mut change: F) -> Answers<T>
    where
        T: Send + 'static,
        F: FnMut(E) -> T + Send + 'static,
    {
        let mut poll = self.0;
        Answers::from_fn(move |cx| poll(cx).map(|next| next.map(|answer| answer.map(&mut change))))
    }

    /// The next answer, an error that is reported and does not end the answers, or `None` at the end.
    pub fn poll_next(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> {
        (self.0)(cx)
    }
}

impl<E> fmt::Debug for Answers<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}
