//! How soon a commit is heard of.

use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use http::Method;
use http_body_util::BodyExt;

use super::client::{ask, authorized, connect, request};
use super::tickets;
use crate::report::{Report, percentile_ms};
use crate::world::World;

const COMMITS: usize = 200;

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("http: events of a commit") {
        return Ok(());
    }
    let world = World::start().await?;
    let mut told = commits_told(&world).await?;
    let p50 = percentile_ms(&mut told, 0.5);
    let p99 = percentile_ms(&mut told, 0.99);
    report.add(
        "http: commit sent -> told on an event stream, p99",
        p99,
        "ms",
        format!("goal < 1,000; p50 {p50:.2}"),
    );
    world.stop().await;
    Ok(())
}

/// How long it takes from sending a commit until somebody else's event stream tells of it.
async fn commits_told(world: &World) -> anyhow::Result<Vec<Duration>> {
    let (mut owner, mut tool) = (connect(world.address).await?, connect(world.address).await?);
    let output = Bytes::from(format!(r#"{{"output":"{}"}}"#, NodeKey::EMPTY_DICT));
    let mut samples = Vec::new();
    for _ in 0..COMMITS {
        let ticket = tickets::create(&mut owner).await?;
        let mut listener = connect(world.address).await?;
        let path = format!("/api/realm/self/tickets/{ticket}/events");
        let mut events = ask(&mut listener, request(Method::GET, &path, Bytes::new())).await?;
        ensure!(events.frame().await.is_some(), "the event stream is empty");
        let credential = format!("Ticket {ticket}");
        let commit = authorized(
            Method::POST,
            "/api/realm/self/tickets/self/commit",
            ("authorization", &credential),
            output.clone(),
        );
        let started = Instant::now();
        let (commit, told) = tokio::join!(ask(&mut tool, commit), events.frame());
        ensure!(told.is_some(), "the event stream ended without a word");
        samples.push(started.elapsed());
        commit?.collect().await?;
    }
    Ok(samples)
}
