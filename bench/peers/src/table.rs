//! Interleaved rounds, medians, and the table with its ratios.

use std::io;

use crate::{
    Bench, Peer,
    work::{Measure, Turn, Work},
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

    /// Prints a row for each contender and measure; whether nothing went wrong.
    pub fn print(&self) -> bool {
        for (index, measure) in self.work.measures().iter().enumerate() {
            let foreign = self.contenders.iter().filter(|it| it.peer.is_foreign());
            let best =
                foreign
                    .filter_map(|it| it.median(index))
                    .reduce(|a, b| match measure.more {
                        true => a.max(b),
                        false => a.min(b),
                    });
            let ceiling = self.contenders.first().filter(|it| !it.peer.is_foreign());
            let ceiling = ceiling.and_then(|it| it.median(index));
            for contender in &self.contenders {
                contender.print(index, measure, best, ceiling);
            }
        }
        self.contenders.iter().all(|it| it.failed.is_none())
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

    fn values(&self, measure: usize) -> Vec<f64> {
        let mut values: Vec<f64> = self.turns.iter().map(|turn| turn.values[measure]).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn median(&self, measure: usize) -> Option<f64> {
        let values = self.values(measure);
        let middle = values.get(values.len() / 2).copied();
        middle.filter(|_| self.failed.is_none())
    }

    fn print(&self, index: usize, measure: &Measure, best: Option<f64>, ceiling: Option<f64>) {
        let Measure { what, unit, .. } = measure;
        let label = self.label();
        let Some(median) = self.median(index) else {
            let why = self.failed.as_deref().unwrap_or("no figures");
            println!(
                "| {what} | {label} | not counted: {} | | {unit} | | | |",
                why.replace(['\n', '|'], " ")
            );
            return;
        };
        let values = self.values(index);
        let range = format!(
            "{} to {}",
            figure(values[0]),
            figure(values[values.len() - 1])
        );
        let ratio = |to: Option<f64>| to.map_or(String::new(), |to| format!("{:.2}", median / to));
        let mut cpu: Vec<_> = self.turns.iter().filter_map(|turn| turn.cpu).collect();
        cpu.sort();
        let cpu = cpu.get(cpu.len() / 2).map_or(String::new(), |cpu| {
            format!("{:.2}", cpu.as_secs_f64() * 1e6)
        });
        println!(
            "| {what} | {label} | {} | {range} | {unit} | {} | {} | {cpu} |",
            figure(median),
            ratio(best),
            ratio(ceiling)
        );
    }
}

/// Prints what stands above the rows.
pub fn print_head() {
    println!(
        "| work | contender | median | lowest to highest | unit | to the best peer | to the plain relay | \
         server's processor time, µs each |"
    );
    println!("|---|---|---:|---:|---|---:|---:|---:|");
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
