//! The table of a run.

use std::time::{Duration, Instant};

/// How long one measurement goes on.
const LENGTH: Duration = Duration::from_secs(2);

/// How long a batch goes on, at least.
const BATCH: Duration = Duration::from_millis(1);

/// What was measured.
pub struct Report {
    filter: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    beside: String,
}

impl Report {
    /// A report of what contains `filter` in its name.
    pub fn new(filter: &str) -> Self {
        Self { filter: filter.to_owned(), rows: Vec::new() }
    }

    /// Whether a measurement of this name is asked for.
    pub fn wants(&self, name: &str) -> bool {
        name.contains(&self.filter)
    }

    /// Adds a measurement, with what it is to be seen beside.
    pub fn add(&mut self, name: &str, value: f64, unit: &'static str, beside: impl Into<String>) {
        let row = Row { name: name.to_owned(), value, unit, beside: beside.into() };
        eprintln!("{}", row.line());
        self.rows.push(row);
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("| measurement | value | unit | beside |\n|---|---|---|---|");
        for row in &self.rows {
            println!("| {} | {} | {} | {} |", row.name, number(row.value), row.unit, row.beside);
        }
    }
}

impl Row {
    fn line(&self) -> String {
        format!("{:50} {:>12} {} {}", self.name, number(self.value), self.unit, self.beside)
    }
}

fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// How often `act` runs in a second, on one core: the median of many short batches, so that what else the machine
/// does between them does not count.
pub fn per_second(mut act: impl FnMut()) -> f64 {
    let mut timed = |count: u32| {
        let started = Instant::now();
        (0..count).for_each(|_| act());
        started.elapsed()
    };
    let mut count = 1;
    while timed(count) < BATCH && count < u32::MAX / 2 {
        count *= 2;
    }
    let (started, mut batches) = (Instant::now(), Vec::new());
    while started.elapsed() < LENGTH {
        batches.push(timed(count));
    }
    f64::from(count) * 1000.0 / percentile_ms(&mut batches, 0.5)
}

/// How often `act` runs in a second when each waits for the one before.
pub async fn per_second_async<F: Future>(mut act: impl FnMut() -> F) -> f64 {
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < LENGTH {
        act().await;
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// The value below which this share of the samples is, in milliseconds.
pub fn percentile_ms(samples: &mut [Duration], share: f64) -> f64 {
    samples.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "few samples"
    )]
    let at = ((samples.len() - 1) as f64 * share).round() as usize;
    samples[at].as_secs_f64() * 1000.0
}
