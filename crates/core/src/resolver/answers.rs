//! What resolvers answer.

use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt,
    future::Future,
    task::{Context as TaskContext, Poll, ready},
};

use crate::BoxError;

/// A resolver's answers, which may trickle in; dropping it stops the resolving.
pub struct Answers<E>(Inner<E>);

enum Inner<E> {
    /// All that there is, without an allocation: most resolvers find one endpoint, or fail.
    One(Option<Result<E, BoxError>>),
    Polled(Box<PollAnswer<E>>),
}

type PollAnswer<E> = dyn FnMut(&mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> + Send;

impl<E: Send + 'static> Answers<E> {
    /// Answers that are known already, best first.
    pub fn ready<I>(endpoints: I) -> Self
    where
        I: IntoIterator<Item = E>,
        I::IntoIter: Send + 'static,
    {
        let mut endpoints = endpoints.into_iter();
        let mut first = endpoints.next().map(Ok);
        if first.is_none() || endpoints.size_hint().1 == Some(0) {
            return Self(Inner::One(first));
        }
        Self::from_fn(move |_| Poll::Ready(first.take().or_else(|| endpoints.next().map(Ok))))
    }

    /// The only answer, known already, or why there is none.
    pub fn one(answer: Result<E, BoxError>) -> Self {
        Self(Inner::One(Some(answer)))
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
        Self(Inner::Polled(Box::new(poll)))
    }

    /// The same answers, each changed by `change`.
    pub fn map<T, F>(self, mut change: F) -> Answers<T>
    where
        T: Send + 'static,
        F: FnMut(E) -> T + Send + 'static,
    {
        match self.0 {
            Inner::One(one) => Answers(Inner::One(one.map(|answer| answer.map(change)))),
            Inner::Polled(mut poll) => Answers::from_fn(move |cx| {
                poll(cx).map(|next| next.map(|answer| answer.map(&mut change)))
            }),
        }
    }

    /// The next answer, an error that is reported and does not end the answers, or `None` at the end.
    pub fn poll_next(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> {
        match &mut self.0 {
            Inner::One(one) => Poll::Ready(one.take()),
            Inner::Polled(poll) => poll(cx),
        }
    }
}

impl<E> fmt::Debug for Answers<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}
