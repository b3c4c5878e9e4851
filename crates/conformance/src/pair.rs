//! What the laws of flows and of datagrams are run against.

use std::{any::Any, fmt};

use crate::NotRun;

/// Two connected flows, or two ends of an exchange of datagrams, and what has to live as long.
pub struct Pair<N, F> {
    pub(crate) near: N,
    pub(crate) far: F,
    pub(crate) keep: Vec<Box<dyn Any>>,
}

impl<N, F> Pair<N, F> {
    /// The side that dialled and the side that accepted.
    pub fn new(near: N, far: F) -> Self {
        Self {
            near,
            far,
            keep: Vec::new(),
        }
    }

    /// Keeps a value, such as a directory or a server, until both sides have been dropped.
    pub fn keep(mut self, value: impl Any) -> Self {
        self.keep.push(Box::new(value));
        self
    }

    /// Erases both sides.
    pub(crate) fn map<A, B>(
        self,
        near: impl FnOnce(N) -> A,
        far: impl FnOnce(F) -> B,
    ) -> Pair<A, B> {
        Pair {
            near: near(self.near),
            far: far(self.far),
            keep: self.keep,
        }
    }
}

impl<N, F> fmt::Debug for Pair<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

/// What a function that makes pairs may give: a tuple, a [`Pair`], or a result of one of these, with
/// [`NotRun`] where the machine lacks something.
pub trait IntoPair {
    /// The side that dialled.
    type Near: 'static;
    /// The side that accepted.
    type Far: 'static;

    /// The pair.
    ///
    /// # Errors
    /// When it cannot be made on this machine.
    fn into_pair(self) -> Result<Pair<Self::Near, Self::Far>, NotRun>;
}

impl<N: 'static, F: 'static> IntoPair for (N, F) {
    type Near = N;
    type Far = F;

    fn into_pair(self) -> Result<Pair<N, F>, NotRun> {
        Ok(Pair::new(self.0, self.1))
    }
}

impl<N: 'static, F: 'static> IntoPair for Pair<N, F> {
    type Near = N;
    type Far = F;

    fn into_pair(self) -> Result<Self, NotRun> {
        Ok(self)
    }
}

impl<P: IntoPair> IntoPair for Result<P, NotRun> {
    type Near = P::Near;
    type Far = P::Far;

    fn into_pair(self) -> Result<Pair<P::Near, P::Far>, NotRun> {
        self?.into_pair()
    }
}
