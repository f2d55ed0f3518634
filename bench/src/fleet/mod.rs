//! Workers of a fleet over real TLS: renewing, starting, being idle.

#![expect(clippy::cast_precision_loss, reason = "counts and ticks are small")]

mod idle;
mod member;
mod renewal;

pub use idle::{WORKER, work};

use crate::report::Report;

/// Measures both.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if report.wants("fleet: 10,000 workers renew") {
        renewal::run(report).await?;
    }
    if report.wants("fleet: a worker") {
        idle::run(report).await?;
    }
    Ok(())
}
