//! Law 11: whatever resolvers and protocols there are and however a connect ends, no attempt is lost,
//! started twice, or left running. Who starts when is the matter of the oracle in `exhaustive`.

use proptest::{collection::vec, option, prop_assert, prop_assert_eq, proptest};
use tuyau_core::{AnyFlow, ConnectError, ConnectErrorKind, Connected, Registry, Strategy, Target};

use crate::{
    exhaustive::{in_order, place, told, told_apart},
    model::Rank,
    world::{Begun, Clock, Place, Scripted, Trickles, WIRE, ms},
};

/// Some resolvers, each with its rank and its answers, and some protocols of one key.
struct World {
    resolvers: Vec<(u16, Rank)>,
    protocols: usize,
    limit: usize,
    deadline: Option<u64>,
}

/// What there was to attempt: a protocol and a place, and the rank and the resolver that give them.
type Chance = (usize, Place, u16, usize);

impl World {
    fn chances(&self) -> Vec<Chance> {
        let mut chances = Vec::new();
        for (resolver, (rank, answers)) in self.resolvers.iter().enumerate() {
            for (_, place) in answers {
                chances.extend((0..self.protocols).map(|it| (it, *place, *rank, resolver)));
            }
        }
        chances
    }

    /// Connects, and gives up after so many waits.
    fn connect(&self, waits: usize) -> Outcome {
        let clock = Clock::default();
        let scripted = Scripted::new(&clock);
        let mut registry = Registry::new();
        for number in 0..self.protocols {
            let protocol = Scripted {
                number,
                ..scripted.clone()
            };
            registry.protocol(WIRE, protocol);
        }
        for (rank, answers) in &self.resolvers {
            registry.resolver(WIRE, *rank, Trickles(clock.clone(), answers.clone()));
        }
        let context = registry.freeze(clock.clone());
        let strategy = Strategy::Race {
            stagger: ms(50),
            limit: self.limit,
        };
        let mut connect = context.connect(Target::name("x")).strategy(strategy);
        if let Some(deadline) = self.deadline {
            connect = connect.deadline(ms(deadline));
        }
        let running = || *scripted.running.lock().unwrap();
        let (result, left) = clock.run_for(waits, connect.open(), running);
        Outcome {
            result,
            left,
            after: running(),
            begun: scripted.begun(),
        }
    }
}

/// How a connect ended.
struct Outcome {
    /// None when it was given up.
    result: Option<Result<Connected<AnyFlow>, ConnectError>>,
    /// How many attempts ran when it ended, and after it was dropped.
    left: i32,
    after: i32,
    begun: Vec<Begun>,
}

/// Where an attempt stands among what there was to attempt, which has each once.
fn chance_of(chances: &[Chance], it: &Begun) -> usize {
    let found = chances
        .iter()
        .position(|&(protocol, place, ..)| (protocol, place) == (it.protocol, it.place));
    found.expect("what is attempted was found by a resolver")
}

proptest! {
    #[test]
    fn law_11_no_attempt_is_lost_started_twice_or_left_running(
        ranks in vec(0..3_u16, 6),
        answers in vec(vec((0..600_u64, place()), 0..6), 1..6),
        protocols in 1..4_usize,
        limit in 1..9_usize,
        deadline in option::of(1..20_000_u64),
        // Up to the end in half of the cases: who waits for what never answers waits for the deadline.
        waits in option::of(0..60_usize),
    ) {
        let mut answers: Vec<Rank> = answers.into_iter().map(in_order).collect();
        told_apart(&mut answers);
        let silent = |(_, place): &_| matches!(place, Place::Mute(_) | Place::Half(_));
        // Without a deadline nothing but a wait that is given up ends what never answers.
        let endless = deadline.is_none() && answers.iter().flatten().any(silent);
        if endless {
            answers.iter_mut().for_each(|answers| answers.retain(|it| !silent(it)));
        }
        let resolvers = ranks.into_iter().zip(answers).collect();
        let world = World { resolvers, protocols, limit, deadline };
        let outcome = world.connect(waits.unwrap_or(usize::MAX));
        let chances = world.chances();

        let attempted: Vec<_> = outcome.begun.iter().map(|it| chance_of(&chances, it)).collect();
        let mut once = attempted.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), attempted.len(), "an attempt is started twice");
        let most = outcome.begun.iter().map(|it| it.running).max().unwrap_or(0);
        prop_assert!(most as usize <= limit, "{most} run at once");
        let ranks: Vec<_> = attempted.iter().map(|&at| chances[at].2).collect();
        prop_assert!(ranks.is_sorted(), "a later rank begins before an earlier one ends");
        for resolver in 0..world.resolvers.len() {
            let of_it = attempted.iter().filter(|&&at| chances[at].3 == resolver);
            prop_assert!(of_it.is_sorted(), "the order of a resolver's answers is changed");
        }
        prop_assert_eq!(outcome.after, 0, "an attempt is left running behind a connect");

        let Some(result) = outcome.result else {
            return Ok(());
        };
        prop_assert_eq!(outcome.left, 0, "an attempt is left running when the connect ends");
        let (report, kind) = match &result {
            Ok(connected) => (&connected.report, None),
            Err(error) => (error.report(), Some(error.kind())),
        };
        let shown = outcome.begun.iter().map(|it| (it.at, format!("{:?}", it.place)));
        prop_assert_eq!(told(report), shown.collect::<Vec<_>>());
        let took = report.took.as_millis() as u64;
        match kind {
            None => prop_assert!(outcome.begun.iter().all(|it| it.at <= took)),
            Some(ConnectErrorKind::TimedOut) => prop_assert_eq!(Some(took), deadline),
            Some(ConnectErrorKind::AllFailed) => {
                prop_assert_eq!(once.len(), chances.len(), "an attempt is lost");
                let down = |it: &Begun| matches!(it.place, Place::Down(_));
                prop_assert!(outcome.begun.iter().all(down), "it did not fail");
            }
            Some(kind) => prop_assert!(chances.is_empty(), "{kind:?}"),
        }
    }
}
