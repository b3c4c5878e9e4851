//! What a resolver finds, what it takes and leaves to others, and that its lookups stand alone.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use tuyau_core::{Answers, Resolver};

use super::{Found, Resolving};
use crate::{endpoint::Shown, tasks::both};

/// A scheme that nobody has.
const NOBODYS: &str = "x-nobodys-scheme";

impl<R: Resolver> Resolving<R> {
    pub(super) async fn what_it_knows_is_found(self) {
        self.look_up().await;
    }

    pub(super) async fn what_is_not_its_own_is_left_to_others(self) {
        let answers = self.resolver.resolve(&self.left);
        assert!(
            answers.is_none(),
            "it says something about what it was to leave to others; `None` says nothing"
        );
    }

    /// A resolver is asked for no address whose scheme it does not take, and one that took every scheme
    /// would let what is meant for TLS, say, go out in the clear.
    pub(super) async fn it_takes_the_schemes_that_are_its_own(self) {
        if let Some(scheme) = self.known.scheme() {
            assert!(
                self.resolver.takes(scheme),
                "it does not take `{scheme}`, so that nobody asks it for `{}`, which it knows",
                self.known
            );
        }
        assert!(
            !self.resolver.takes(NOBODYS),
            "it takes `{NOBODYS}`, which is nobody's scheme; take those that mean its endpoints alone"
        );
    }

    pub(super) async fn a_lookup_can_be_given_up_and_begun_anew(self) {
        // Before it was polled, and while it may be waiting.
        drop(self.begin());
        {
            let mut begun = pin!(self.look_up());
            poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx).is_ready())).await;
        }
        self.look_up().await;
    }

    pub(super) async fn lookups_at_once_do_not_hinder_each_other(self) {
        both(self.look_up(), self.look_up()).await;
    }

    fn begin(&self) -> Answers<Found<R>> {
        let answers = self.resolver.resolve(&self.known);
        answers.expect("it has something to say about what it knows")
    }

    /// Hears all answers about the target that it knows.
    async fn look_up(&self) {
        let mut answers = self.begin();
        let mut found = 0;
        while let Some(answer) = poll_fn(|cx| answers.poll_next(cx)).await {
            let endpoint = answer.expect("what it knows is found");
            found += 1;
            let is_right = (self.is_right)(&endpoint);
            let shown = Shown::<R::Key>(&endpoint);
            assert!(is_right, "it finds `{shown}`, which is not what it knows");
        }
        assert!(found > 0, "it finds nothing for what it knows");
    }
}
