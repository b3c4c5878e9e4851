//! Medians in a table.

/// Figures by row and store.
pub struct Table<'a> {
    names: &'a [&'a str],
    rows: Vec<(String, Vec<Vec<f64>>)>,
}

impl<'a> Table<'a> {
    pub fn new(names: &'a [&'a str]) -> Self {
        let rows = Vec::new();
        Self { names, rows }
    }

    pub fn add(&mut self, row: &str, name: &str, figure: f64) {
        let at = self.rows.iter().position(|(known, _)| known == row);
        let at = at.unwrap_or_else(|| {
            self.rows
                .push((row.to_owned(), vec![Vec::new(); self.names.len()]));
            self.rows.len() - 1
        });
        if let Some(column) = self.names.iter().position(|known| *known == name) {
            self.rows[at].1[column].push(figure);
        }
    }

    pub fn print(&self) {
        println!("| work | {} |", self.names.join(" | "));
        println!("|---|{}", "---|".repeat(self.names.len()));
        for (row, columns) in &self.rows {
            let figures: Vec<_> = columns
                .iter()
                .map(|figures| show(median(figures)))
                .collect();
            println!("| {row} | {} |", figures.join(" | "));
        }
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Three digits that count, in thousands and millions.
fn show(figure: f64) -> String {
    let (figure, unit) = match figure {
        f if f >= 1e6 => (f / 1e6, " M"),
        f if f >= 1e4 => (f / 1e3, " k"),
        f => (f, ""),
    };
    let digits = match figure {
        f if f >= 100.0 => 0,
        f if f >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.digits$}{unit}")
}
