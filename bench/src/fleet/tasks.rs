//! Tasks that do nothing, through the whole path: submitted over HTTP, placed under a lease and a ticket, handed to
//! workers over mTLS, committed, reported, told.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::idle::{NOTHING, WORKER};
use crate::http::{ask_json, connect, request};
use crate::report::{Report, percentile_ms};
use crate::world::World;

/// Processes that work.
const WORKERS: usize = 2;

/// Tasks that are submitted at once, and one after the other.
const MANY: usize = 2000;
const SINGLE: usize = 200;

const CONNECTIONS: usize = 16;

/// How long is waited for anything.
const WAIT_MAX: Duration = Duration::from_mins(1);

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let world = World::start().await?;
    let folders = tempfile::tempdir()?;
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| start(&world, &folders.path().join(number.to_string())))
        .collect::<Result<_, _>>()?;
    until_registered(&world).await?;

    let mut samples = Vec::new();
    for _ in 0..SINGLE {
        let task = submit(&world, 1).await?.pop().context("no task")?;
        samples.push(began(&done(&world, &task).await?)?);
    }
    let p50 = percentile_ms(&mut samples, 0.5);
    report.add(
        "tasks: from submitted to begun, one at a time, p99",
        percentile_ms(&mut samples, 0.99),
        "ms",
        format!("goal < 50; p50 {p50:.1}"),
    );

    let started = Instant::now();
    let mut lanes = Vec::new();
    for _ in 0..CONNECTIONS {
        lanes.push(submit(&world, MANY / CONNECTIONS));
    }
    let tasks = futures::future::try_join_all(lanes).await?;
    let submitted = MANY as f64 / started.elapsed().as_secs_f64();
    for task in tasks.iter().flatten() {
        done(&world, task).await?;
    }
    report.add(
        "tasks: done in a second, all of it durable",
        MANY as f64 / started.elapsed().as_secs_f64(),
        "/s",
        format!("goal >= 500; two workers, all on the same cores; submitted at {submitted:.0} /s"),
    );
    drop(workers);
    world.stop().await;
    Ok(())
}

fn start(world: &World, folder: &std::path::Path) -> anyhow::Result<Child> {
    let worker = Command::new(std::env::current_exe()?)
        .arg(WORKER)
        .env("CERT_DIR", folder)
        .env("CARNET_DATA_DIR", world.folder())
        .env("CARNET_WORKER_HOST", "127.0.0.1")
        .env("HTTPS_PORT", "0")
        .env("PLATFORM_URL", format!("https://localhost:{}", world.fleet.port()))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    Ok(worker?)
}

async fn get(world: &World, path: &str) -> anyhow::Result<Value> {
    let mut connection = connect(world.address).await?;
    ask_json(&mut connection, request(Method::GET, path, Bytes::new())).await
}

async fn until_registered(world: &World) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let workers = get(world, "/api/v1/workers").await?;
        if workers["workers"].as_array().is_some_and(|workers| workers.len() == WORKERS) {
            return Ok(());
        }
        ensure!(started.elapsed() < WAIT_MAX, "the workers do not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Submits so many, one after the other: their ids.
async fn submit(world: &World, count: usize) -> anyhow::Result<Vec<String>> {
    let mut connection = connect(world.address).await?;
    let body = Bytes::from(json!({ "capability": NOTHING }).to_string());
    let mut tasks = Vec::with_capacity(count);
    for _ in 0..count {
        connection.ready().await?;
        let asked = request(Method::POST, "/api/v1/tasks", body.clone());
        let answer = connection.send_request(asked).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        ensure!(status == 202, "{status}: {}", String::from_utf8_lossy(&bytes));
        let made: Value = serde_json::from_slice(&bytes)?;
        tasks.push(made["task"]["id"].as_str().context("no id")?.to_owned());
    }
    Ok(tasks)
}

/// Follows a task to its end.
async fn done(world: &World, task: &str) -> anyhow::Result<Value> {
    let mut connection = connect(world.address).await?;
    let path = format!("/api/v1/tasks/{task}/events");
    let events = connection.send_request(request(Method::GET, &path, Bytes::new())).await?;
    // It ends with the task.
    events.into_body().collect().await?;
    let task = get(world, &format!("/api/v1/tasks/{task}")).await?;
    ensure!(task["state"] == "succeeded", "{task}");
    Ok(task)
}

/// From its submission to its beginning, by the server's clock.
fn began(task: &Value) -> anyhow::Result<Duration> {
    let at = |name: &str| {
        let text = task[name].as_str().context("no time")?;
        carnet_ticket::time::Timestamp::from_rfc3339(text).context("no time")
    };
    Ok(at("started_at")?.since(at("created_at")?))
}
