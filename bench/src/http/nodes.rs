//! Nodes of 4 KiB.

use std::io::Write;
use std::time::{Duration, Instant};

use bytes::Bytes;
use carnet_realm::node::{Encoded, Limits, encode_successor};
use http::Method;
use tokio::net::TcpListener;

use super::client::{CONNECTIONS, load, rate, request};
use crate::report::Report;
use crate::world::World;

const NODE: usize = 4096;

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    if !report.wants("http: nodes of 4 KiB") {
        return Ok(());
    }
    let fsync = fsyncs_per_second()?;
    report.add("http: one write and fsync of 4 KiB at a time", fsync, "/s", "the machine's own");
    let bare = bare_axum().await?;
    report.add(
        "http: a bare axum handler, 4 KiB answer",
        bare,
        "/s",
        "16 connections, same client",
    );
    let world = World::start().await?;
    let put = load(&world, |lane, number| {
        let node = node(lane, number);
        request(Method::PUT, &format!("/api/realm/self/nodes/{}", node.key), node.bytes)
    })
    .await?;
    report.add(
        "http: PUT 4 KiB nodes, new, durable",
        put,
        "/s",
        format!("{:.1} x fsync; goal >= 4,000", put / fsync),
    );
    let path = |lane, number| format!("/api/realm/self/nodes/{}", node(lane, number).key);
    let paths: Vec<Vec<_>> =
        (0..CONNECTIONS).map(|lane| (0..100).map(|number| path(lane, number)).collect()).collect();
    let at = |number: u64| usize::try_from(number).unwrap_or(0);
    let get = load(&world, move |lane, number| {
        request(Method::GET, &paths[at(lane)][at(number % 100)], Bytes::new())
    })
    .await?;
    report.add(
        "http: GET 4 KiB nodes",
        get,
        "/s",
        format!("{:.2} of bare axum; goal >= 40,000", get / bare),
    );
    world.stop().await;
    Ok(())
}

/// A node of 4 KiB like no other.
fn node(lane: u64, number: u64) -> Encoded {
    let mut data = [0; NODE - 16];
    data[..8].copy_from_slice(&lane.to_le_bytes());
    data[8..16].copy_from_slice(&number.to_le_bytes());
    encode_successor(&[], &data, &Limits::default()).unwrap_or_else(|error| unreachable!("{error}"))
}

async fn bare_axum() -> anyhow::Result<f64> {
    let body = Bytes::from(vec![7; NODE]);
    let router = axum::Router::new().fallback(move || {
        let body = body.clone();
        async move { body }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let rate = rate(address, |_, _| Some(request(Method::GET, "/", Bytes::new()))).await;
    server.abort();
    Ok(rate?.requests)
}

/// Writes of 4 KiB, each followed by fsync, in a second.
pub fn fsyncs_per_second() -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile()?;
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_secs(2) {
        file.write_all(&[7; NODE])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}
