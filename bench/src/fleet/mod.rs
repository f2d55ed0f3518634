//! Workers of a fleet over real TLS: renewing, starting, being idle, being there, doing tasks.

#![expect(clippy::cast_precision_loss, reason = "counts and ticks are small")]

mod idle;
mod member;
mod registry;
mod renewal;
mod tasks;

pub use idle::{WORKER, work};

use crate::report::Report;

/// Measures all of them.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    if report.wants("fleet: 10,000 workers renew") {
        renewal::run(report).await?;
    }
    if report.wants("fleet: a worker") {
        idle::run(report).await?;
    }
    if report.wants("fleet: heartbeats") {
        registry::run(report).await?;
    }
    if report.wants("tasks:") {
        tasks::run(report).await?;
    }
    Ok(())
}
