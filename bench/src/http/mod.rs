//! The content store over HTTP, 16 connections, beside what bounds it.

mod client;
mod events;
mod large;
mod nodes;
mod scope;
mod tickets;

pub use client::{ask, ask_json, connect, load, request};
pub use nodes::fsyncs_per_second;

use crate::report::Report;

/// Measures the content store.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    nodes::run(report).await?;
    large::run(report).await?;
    tickets::run(report).await?;
    events::run(report).await?;
    scope::run(report).await
}
