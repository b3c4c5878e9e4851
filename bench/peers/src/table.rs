//! Interleaved rounds, medians, and the table with its ratios.

use std::io;

use crate::{
    Bench, Peer, Role,
    work::{Bound, Measure, Turn, Work},
};

/// One kind of work, and those who do it.
pub struct Section<'a> {
    work: &'a dyn Work,
    contenders: Vec<Contender<'a>>,
}

struct Contender<'a> {
    peer: &'a dyn Peer,
    way: &'static str,
    turns: Vec<Turn>,
    /// Why there are no figures of it.
    failed: Option<String>,
}

impl<'a> Section<'a> {
    /// The contenders that can do it.
    pub fn new(work: &'a dyn Work, peers: &[&'a dyn Peer]) -> Self {
        let mut contenders = Vec::new();
        for peer in peers {
            for way in work.ways(*peer) {
                contenders.push(Contender {
                    peer: *peer,
                    way,
                    turns: Vec::new(),
                    failed: None,
                });
            }
        }
        Self { work, contenders }
    }

    /// A turn for each contender, beginning with another one each time.
    pub fn round(&mut self, bench: &Bench, number: usize) {
        let count = self.contenders.len();
        for turn in 0..count {
            self.contenders[(number + turn) % count].turn(bench, self.work);
        }
    }

    /// Whether nothing went wrong.
    pub fn is_whole(&self) -> bool {
        self.contenders.iter().all(|it| it.failed.is_none())
    }

    /// A row for each measure and contender. Ratios are taken within each round; they are their median.
    pub fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for (index, measure) in self.work.measures().iter().enumerate() {
            let best = self.best(index, measure.more);
            let ceiling = self.of(Role::Ceiling).next();
            for contender in &self.contenders {
                rows.push(contender.row(index, measure, best, ceiling));
            }
        }
        rows
    }

    /// Whether what was promised holds, by the medians; a short run is too small for some of it.
    pub fn verdicts(&self, short: bool) -> Vec<Verdict> {
        let measures = self.work.measures();
        let bounds = self.work.bounds();
        let judged = bounds.iter().filter(|bound| !(short && bound.full));
        judged
            .flat_map(|bound| {
                let contenders = self.contenders.iter();
                contenders.filter_map(|it| it.verdict(bound, &measures[bound.measure]))
            })
            .collect()
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Contender<'a>> {
        self.contenders
            .iter()
            .filter(move |it| it.peer.role() == role)
    }

    /// The best of the other routers that has figures.
    fn best(&self, index: usize, more: bool) -> Option<&Contender<'a>> {
        let counted = self.of(Role::Foreign).filter(|it| it.failed.is_none());
        counted.reduce(|a, b| match (a.median(index) >= b.median(index)) == more {
            true => a,
            false => b,
        })
    }
}

impl Contender<'_> {
    fn label(&self) -> String {
        match self.way {
            "" => self.peer.name().to_owned(),
            way => format!("{}, {way}", self.peer.name()),
        }
    }

    fn turn(&mut self, bench: &Bench, work: &dyn Work) {
        if self.failed.is_some() {
            return;
        }
        let label = self.label();
        match work.turn(bench, self.peer, self.way) {
            Ok(turn) if turn.faults.none() => self.turns.push(turn),
            Ok(turn) => self.fail(format!("{}", turn.faults), &label),
            Err(error) => self.fail(chain(&error), &label),
        }
    }

    fn fail(&mut self, why: String, label: &str) {
        eprintln!("{label}: {why}");
        self.failed = Some(why);
    }

    /// The median, when there are figures.
    fn median(&self, index: usize) -> Option<f64> {
        let values = sorted(self.turns.iter().map(|turn| turn.values[index]));
        let middle = values.get(values.len() / 2).copied();
        middle.filter(|_| self.failed.is_none())
    }

    fn row(
        &self,
        index: usize,
        measure: &Measure,
        best: Option<&Contender<'_>>,
        ceiling: Option<&Contender<'_>>,
    ) -> String {
        let Measure { what, unit, .. } = measure;
        let label = self.label();
        let Some(median) = self.median(index) else {
            let why = self.failed.as_deref().unwrap_or("no turn");
            let why = why.replace(['\n', '|'], " ");
            return format!("| {what} | {label} | | not counted: {why} | {unit} | | | |");
        };
        let values = sorted(self.turns.iter().map(|turn| turn.values[index]));
        let range = format!(
            "{} to {}",
            figure(values[0]),
            figure(values[values.len() - 1])
        );
        let [best, ceiling] = [best, ceiling].map(|other| self.ratio(index, other));
        let cpu = sorted(
            self.turns
                .iter()
                .filter_map(|turn| Some(turn.cpu?.as_secs_f64() * 1e6)),
        );
        let cpu = cpu
            .get(cpu.len() / 2)
            .map_or(String::new(), |cpu| format!("{cpu:.2}"));
        let median = figure(median);
        format!("| {what} | {label} | {median} | {range} | {unit} | {best} | {ceiling} | {cpu} |")
    }

    fn verdict(&self, bound: &Bound, measure: &Measure) -> Option<Verdict> {
        let median = self.median(bound.measure)?;
        let Measure { what, unit, .. } = measure;
        let holds = median <= bound.most;
        let [label, median, most] = [self.label(), figure(median), figure(bound.most)];
        let says = if holds { "holds" } else { "DOES NOT HOLD" };
        let text = format!("{label}: {what}: {median} {unit} of at most {most} {unit}: {says}");
        Some(Verdict { text, holds })
    }

    fn ratio(&self, index: usize, other: Option<&Contender<'_>>) -> String {
        let other = other.filter(|other| other.failed.is_none());
        let pairs = self
            .turns
            .iter()
            .zip(other.into_iter().flat_map(|other| &other.turns));
        let ratios = sorted(pairs.map(|(own, other)| own.values[index] / other.values[index]));
        ratios
            .get(ratios.len() / 2)
            .map_or(String::new(), |ratio| format!("{ratio:.2}"))
    }
}

/// Whether a contender keeps within a bound.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    /// What was measured, what it may be at most, and whether that holds.
    pub text: String,
    /// Whether it does.
    pub holds: bool,
}

/// What stands above the rows.
pub const HEAD: &str = "\
| work | contender | median | lowest to highest | unit | to the best peer | to the plain relay | processor, µs |
|---|---|---:|---:|---|---:|---:|---:|";

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Three digits at least, with thousands apart.
fn figure(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut apart = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            apart.push(' ');
        }
        apart.push(digit);
    }
    apart
}

fn chain(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Client, Keys, Name, Server, Site, Tally};

    struct Router(&'static str, Role);

    impl Peer for Router {
        fn name(&self) -> &'static str {
            self.0
        }

        fn role(&self) -> Role {
            self.1
        }

        fn version(&self) -> Option<String> {
            None
        }

        fn start(&self, _: Site) -> io::Result<Server> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn connect(&self, _: &Server, _: &Keys, _: Name) -> io::Result<Client> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Work whose rate is the length of the router's name; one of them loses something.
    struct Work;

    impl crate::work::Work for Work {
        fn name(&self) -> &'static str {
            "work"
        }

        fn measures(&self) -> Vec<Measure> {
            vec![Measure {
                what: "work".to_owned(),
                unit: "/s",
                more: true,
            }]
        }

        fn ways(&self, _: &dyn Peer) -> Vec<&'static str> {
            vec![""]
        }

        fn turn(&self, _: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
            let lost = if peer.name() == "the loser" { 3 } else { 0 };
            Ok(Turn {
                values: vec![peer.name().len() as f64],
                cpu: None,
                faults: Tally::default().faults(lost),
            })
        }
    }

    #[test]
    fn who_loses_messages_has_neither_figures_nor_ratios_and_is_not_the_best() {
        let bench = Bench::new(Duration::ZERO, true, false).expect("there is a folder for it");
        let routers = [
            Router("relay", Role::Ceiling),
            Router("the loser", Role::Foreign),
            Router("best", Role::Foreign),
            Router("one", Role::Foreign),
        ];
        let peers: Vec<&dyn Peer> = routers.iter().map(|router| router as _).collect();
        let mut section = Section::new(&Work, &peers);
        for round in 0..3 {
            section.round(&bench, round);
        }
        assert!(!section.is_whole());
        let lost = "not counted: losses: 3, doubled or late: 0, damaged: 0";
        assert_eq!(
            section.rows(),
            [
                "| work | relay | 5.0 | 5.0 to 5.0 | /s | 1.25 | 1.00 |  |".to_owned(),
                format!("| work | the loser | | {lost} | /s | | | |"),
                "| work | best | 4.0 | 4.0 to 4.0 | /s | 1.00 | 0.80 |  |".to_owned(),
                "| work | one | 3.0 | 3.0 to 3.0 | /s | 0.75 | 0.60 |  |".to_owned(),
            ]
        );
    }
}
