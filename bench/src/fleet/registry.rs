//! Ten thousand workers that are registered, and what they say each half minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use serde_json::json;

use super::member::{Fleet, Member};
use crate::report::Report;
use crate::world::World;

const WORKERS: usize = 10_000;

/// As many as one identity may have.
const IDS: usize = 64;

const CONNECTIONS: usize = 64;

/// How long they say that they are there.
const LENGTH: Duration = Duration::from_secs(4);

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let world = World::start().await?;
    let fleet = Fleet::of(&world).await?;
    let mut nobody = fleet.connect(None).await?;
    let mut members = Vec::new();
    for number in 0..WORKERS.div_ceil(IDS) {
        members.push(fleet.enroll(&mut nobody, &format!("worker-{number}")).await?);
    }
    let before = resident_mb()?;
    for (number, member) in members.iter().enumerate() {
        register(&fleet, member, number).await?;
    }
    let after = resident_mb()?;
    report.add(
        "fleet: 10,000 workers registered, resident",
        after,
        "MB",
        format!("goal < 200; the client is the same process; {before:.0} before"),
    );
    let rate = beat(&fleet, &members).await?;
    report.add(
        "fleet: heartbeats over kept-alive mTLS, 64 connections",
        rate,
        "/s",
        "goal >= 15,000; client and server on the same cores",
    );
    world.stop().await;
    Ok(())
}

fn id(member: usize, number: usize) -> String {
    format!("worker-{member}-{number}")
}

async fn register(fleet: &Fleet, member: &Member, at: usize) -> anyhow::Result<()> {
    let mut connection = fleet.connect(Some(member)).await?;
    for number in 0..IDS.min(WORKERS - at * IDS) {
        let body = json!({
            "worker_id": id(at, number),
            "service_type": "image",
            "endpoint": "https://localhost:8500",
            "health_url": "https://localhost:8500/health",
            "rpc_url": "https://localhost:8500/rpc",
            "instance": "0011223344556677",
            "capabilities": ["image.classify", "image.thumbnail"],
            "labels": { "zone": "a" },
            "capacity": 4,
        });
        let request = post("/v1/workers/register", "application/json", body.to_string())?;
        send(&mut connection, request).await?;
    }
    Ok(())
}

async fn beat(fleet: &Fleet, members: &[Member]) -> anyhow::Result<f64> {
    let (count, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut lanes = Vec::new();
    for (at, member) in members.iter().enumerate().take(CONNECTIONS) {
        let (mut connection, count) = (fleet.connect(Some(member)).await?, Arc::clone(&count));
        lanes.push(tokio::spawn(async move {
            for number in (0..IDS).cycle() {
                if started.elapsed() > LENGTH {
                    break;
                }
                let path = format!("/v1/workers/{}/heartbeat", id(at, number));
                let form = "service_type=image&load_score=0.25&state=online&active=1&capacity=4";
                let form = post(&path, "application/x-www-form-urlencoded", form.to_owned())?;
                send(&mut connection, form).await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    for lane in lanes {
        lane.await??;
    }
    Ok(count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

fn post(path: &str, content_type: &str, body: String) -> anyhow::Result<Request<Full<Bytes>>> {
    let request = Request::builder().method(Method::POST).uri(path).header(HOST, "localhost");
    Ok(request.header(CONTENT_TYPE, content_type).body(Full::from(body))?)
}

async fn send(
    connection: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<()> {
    connection.ready().await?;
    let answer = connection.send_request(request).await?;
    let status = answer.status();
    let bytes = answer.into_body().collect().await?.to_bytes();
    ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(&bytes));
    Ok(())
}

/// The memory of this process, which is the server's too.
fn resident_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.context("no resident size")? / 1024.0)
}
