//! A resolver that breaks one rule on purpose, or none; each is caught by the law that it breaks.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Poll, Waker},
};

use tuyau_conformance::{Case, Resolving, resolver_cases, resolver_tests, run_in_place};
use tuyau_core::{Address, Answers, EndpointKey, Resolver, Target};

use crate::{
    fails,
    hub::{HubKey, PORT},
};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    PortIsAnother,
    FindsNothing,
    Fails,
    AnswersForOthers,
    GivenUpStaysBusy,
    NewestTakesAll,
    OneWaker,
    TakesEverything,
    TakesNothing,
}

/// Asks somebody who answers as soon as others have run.
struct Guide {
    fault: Fault,
    asked: Arc<Asked>,
}

/// What the lookups of one guide share.
#[derive(Default)]
struct Asked {
    busy: AtomicBool,
    /// How many have been asked.
    count: AtomicUsize,
    waker: OnceLock<Waker>,
}

impl Resolver for Guide {
    type Key = HubKey;

    fn name(&self) -> &str {
        "guide"
    }

    fn takes(&self, scheme: &str) -> bool {
        match self.fault {
            Fault::TakesEverything => true,
            Fault::TakesNothing => false,
            _ => scheme == HubKey::NAME,
        }
    }

    fn resolve(&self, target: &Target) -> Option<Answers<u16>> {
        let fault = self.fault;
        if target.host() != Some("here") {
            return (fault == Fault::AnswersForOthers).then(|| Answers::ready([]));
        }
        if fault == Fault::Fails {
            return Some(Answers::one(Err("nobody to ask".into())));
        }
        let port = match fault {
            Fault::FindsNothing => None,
            Fault::PortIsAnother => Some(PORT + 1),
            _ => Some(PORT),
        };
        let (asked, mut answer) = (self.asked.clone(), port.map(Ok));
        let mut number = None;
        Some(Answers::from_fn(move |cx| {
            let Some(number) = number else {
                if fault == Fault::GivenUpStaysBusy && asked.busy.swap(true, Relaxed) {
                    return Poll::Ready(None);
                }
                number = Some(asked.count.fetch_add(1, Relaxed) + 1);
                match fault {
                    Fault::OneWaker => asked.waker.get_or_init(|| cx.waker().clone()),
                    _ => cx.waker(),
                }
                .wake_by_ref();
                return Poll::Pending;
            };
            asked.busy.store(false, Relaxed);
            if fault == Fault::NewestTakesAll && asked.count.load(Relaxed) != number {
                return Poll::Ready(None);
            }
            Poll::Ready(answer.take())
        }))
    }
}

fn guide(fault: Fault) -> Guide {
    let asked = Arc::default();
    Guide { fault, asked }
}

async fn resolving(fault: Fault) -> Resolving<Guide> {
    let known = Target::name("here");
    Resolving::new(guide(fault), known, |port| *port == PORT).leaves(Target::name("elsewhere"))
}

resolver_tests! {
    sound,
    run = run_in_place,
    resolve = sound_guide,
}

async fn sound_guide() -> Resolving<Guide> {
    resolving(Fault::None).await
}

fn cases(fault: Fault) -> Vec<Case> {
    resolver_cases(run_in_place, async move || resolving(fault).await)
}

#[test]
fn what_it_knows_and_does_not_find_is_caught() {
    assert!(fails("what_it_knows_is_found", cases(Fault::FindsNothing)));
    assert!(fails("what_it_knows_is_found", cases(Fault::Fails)));
}

#[test]
fn a_waker_that_two_lookups_share_is_caught() {
    let law = "lookups_at_once_do_not_hinder_each_other";
    assert!(fails(law, cases(Fault::OneWaker)));
}

/// An address of a scheme that a resolver does not take never comes to it.
#[test]
fn an_address_that_it_knows_and_does_not_take_is_caught() {
    let cases = |fault| {
        resolver_cases(run_in_place, async move || {
            let known: Address = "hub://here".parse().unwrap();
            Resolving::new(guide(fault), known, |port| *port == PORT)
        })
    };
    let law = "it_takes_the_schemes_that_are_its_own";
    assert!(!fails(law, cases(Fault::None)));
    assert!(fails(law, cases(Fault::TakesNothing)));
}

macro_rules! caught {
    ($($fault:ident by $law:ident,)*) => {
        mod caught {
            use super::*;

            $(#[test]
            fn $law() {
                assert!(fails(stringify!($law), cases(Fault::$fault)));
            })*

            /// No law is left that nothing was shown to break.
            #[test]
            fn every_law_is_among_them() {
                let laws = [$(stringify!($law)),*];
                for case in cases(Fault::None) {
                    assert!(laws.contains(&case.name()), "nothing breaks {}", case.name());
                }
            }
        }
    };
}

caught! {
    PortIsAnother by what_it_knows_is_found,
    AnswersForOthers by what_is_not_its_own_is_left_to_others,
    TakesEverything by it_takes_the_schemes_that_are_its_own,
    GivenUpStaysBusy by a_lookup_can_be_given_up_and_begun_anew,
    NewestTakesAll by lookups_at_once_do_not_hinder_each_other,
}
