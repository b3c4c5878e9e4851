//! Interleaved rounds, medians with quartiles, ratios with intervals.

use std::time::Duration;

use tokio::runtime::Runtime;

use crate::Lost;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How often each contender has its turn.
    pub rounds: usize,
    /// About how long a turn takes.
    pub turn: Duration,
}

type Run = Box<dyn FnMut(&Runtime, u64) -> Result<Duration, Lost>>;

/// One thing that several contenders do.
pub struct Case {
    what: &'static str,
    unit: &'static str,
    /// What one unit of work counts, in `unit`.
    scale: f64,
    contenders: Vec<Contender>,
    work: u64,
}

/// One who does it, by its rates in each round.
pub struct Contender {
    name: &'static str,
    run: Run,
    rates: Vec<f64>,
    lost: Option<Lost>,
}

impl Contender {
    /// A contender whose function does an amount of work and gives the time that it took.
    pub fn new(
        name: &'static str,
        run: impl FnMut(&Runtime, u64) -> Result<Duration, Lost> + 'static,
    ) -> Self {
        Self {
            name,
            run: Box::new(run),
            rates: Vec::new(),
            lost: None,
        }
    }

    fn turn(&mut self, runtime: &Runtime, work: u64) -> Option<Duration> {
        if self.lost.is_some() {
            return None;
        }
        match (self.run)(runtime, work) {
            Ok(took) => Some(took),
            Err(lost) => {
                self.lost = Some(lost);
                None
            }
        }
    }
}

impl Case {
    /// A case; ratios are to the first contender.
    pub fn new(
        what: &'static str,
        unit: &'static str,
        scale: f64,
        contenders: Vec<Contender>,
    ) -> Self {
        Self {
            what,
            unit,
            scale,
            contenders,
            work: 1,
        }
    }

    /// Finds the amount of work that takes the first contender a turn.
    pub fn calibrate(&mut self, runtime: &Runtime, turn: Duration) {
        while let Some(took) = self.contenders[0].turn(runtime, self.work) {
            let wanted = turn.as_secs_f64() / took.as_secs_f64().max(1e-9);
            if wanted < 1.5 {
                return;
            }
            self.work = ((self.work as f64 * wanted.min(8.0)) as u64).max(self.work + 1);
        }
    }

    /// One round: a turn for each contender, beginning with another one each time.
    pub fn round(&mut self, runtime: &Runtime, number: usize) {
        let count = self.contenders.len();
        for turn in 0..count {
            let contender = &mut self.contenders[(number + turn) % count];
            if let Some(took) = contender.turn(runtime, self.work) {
                let rate = self.work as f64 * self.scale / took.as_secs_f64();
                contender.rates.push(rate);
            }
        }
    }

    /// Prints the rates of each contender in a line; whether none of them lost anything.
    pub fn print_rates(&self) -> bool {
        for contender in &self.contenders {
            let rates: Vec<_> = contender.rates.iter().map(f64::to_string).collect();
            println!("{}", rates.join(" "));
            if let Some(lost) = &contender.lost {
                eprintln!("{}, {}: {lost}", self.what, contender.name);
            }
        }
        self.contenders.iter().all(|it| it.lost.is_none())
    }

    /// Adds what [`print_rates`](Self::print_rates) printed.
    pub fn add<'a>(&mut self, lines: &mut impl Iterator<Item = &'a str>) {
        for (contender, line) in self.contenders.iter_mut().zip(lines) {
            let rates = line.split(' ').flat_map(str::parse::<f64>);
            contender.rates.extend(rates);
        }
    }

    /// Prints a row for each contender; whether none of them lost anything.
    pub fn print(&self) -> bool {
        let Self { what, unit, .. } = self;
        for (index, contender) in self.contenders.iter().enumerate() {
            let name = contender.name;
            if let Some(lost) = &contender.lost {
                println!("| {what} | {name} | | not counted: {lost} | | {unit} | | |");
                continue;
            }
            let [low, middle, high] = quartiles(&contender.rates);
            print!("| {what} | {name} | {low:.0} | {middle:.0} | {high:.0} | {unit} |");
            match index {
                0 => println!(" | |"),
                _ => println!("{}", self.ratio(contender)),
            }
        }
        self.contenders.iter().all(|it| it.lost.is_none())
    }

    fn ratio(&self, contender: &Contender) -> String {
        let first = &self.contenders[0];
        if first.lost.is_some() {
            return " | |".to_owned();
        }
        let pairs = contender.rates.iter().zip(&first.rates);
        let ratios: Vec<f64> = pairs.map(|(rate, first)| rate / first).collect();
        let [_, middle, _] = quartiles(&ratios);
        let (low, high) = interval(&ratios);
        format!(" {middle:.3} | {low:.3} to {high:.3} |")
    }
}

/// The value below which a quarter, half and three quarters of the values lie, of which there is at
/// least one.
pub fn quartiles(values: &[f64]) -> [f64; 3] {
    let sorted = sorted(values);
    let at = |part: usize| sorted[(sorted.len() - 1) * part / 4];
    [at(1), at(2), at(3)]
}

/// The interval that holds the true median with 95 %, whatever the distribution: by the binomial
/// distribution of how many values lie below it.
fn interval(values: &[f64]) -> (f64, f64) {
    let sorted = sorted(values);
    let count = sorted.len() as f64;
    let reach = 1.96 * count.sqrt() / 2.0;
    let low = (count / 2.0 - reach).floor().max(0.0) as usize;
    let high = (count / 2.0 + reach).ceil() as usize;
    (sorted[low], sorted[high.min(sorted.len() - 1)])
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}
