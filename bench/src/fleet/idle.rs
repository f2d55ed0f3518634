//! A worker in a process of its own: how soon it is well, and what it costs when it has nothing to do.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use carnet_worker::{
    CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput, WorkerApplication,
    WorkerError, env_port,
};
use tokio::process::{Child, Command};

use crate::report::Report;
use crate::world::World;

/// What makes this program a worker.
pub const WORKER: &str = "worker";

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(20);

/// The capability of the worker.
pub const NOTHING: &str = "bench.nothing";

/// Tasks that it takes at a time.
const CAPACITY: usize = 64;

/// The worker.
pub fn work() -> Result<(), WorkerError> {
    let port = env_port("HTTPS_PORT", 8500)?;
    WorkerApplication::new("idle").https_port(port).capacity(CAPACITY).task(Nothing).run()
}

/// Does nothing.
struct Nothing;

impl TaskHandler for Nothing {
    fn capability(&self) -> CapabilityDefinition {
        let most = u32::try_from(CAPACITY).unwrap_or(u32::MAX);
        CapabilityDefinition::new(NOTHING, "1.0.0").max_concurrency(most)
    }

    async fn run(&self, _: TaskContext) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput::nothing())
    }
}

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let world = World::start().await?;
    let certs = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let started = Instant::now();
    let mut worker = Command::new(std::env::current_exe()?)
        .arg(WORKER)
        .env("CERT_DIR", certs.path())
        .env("CARNET_DATA_DIR", world.folder())
        .env("CARNET_WORKER_HOST", "127.0.0.1")
        .env("HTTPS_PORT", port.to_string())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    until_well(port).await?;
    report.add(
        "fleet: a worker is well, from an empty folder",
        started.elapsed().as_secs_f64() * 1000.0,
        "ms",
        "goal < 1,000: key, request, certificate, files, HTTPS",
    );
    // What its start took is over by then.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = ticks(&worker)?;
    tokio::time::sleep(WATCHED).await;
    let used = (ticks(&worker)? - before) as f64 / 100.0;
    report.add("fleet: a worker that idles, resident", resident_mb(&worker)?, "MB", "goal < 20");
    let percent = used / WATCHED.as_secs_f64() * 100.0;
    report.add("fleet: a worker that idles, of one core", percent, "%", "goal < 0.1");
    worker.kill().await?;
    world.stop().await;
    Ok(())
}

/// Asks until it answers that it is healthy.
async fn until_well(port: u16) -> anyhow::Result<()> {
    let url = format!("https://127.0.0.1:{port}/health");
    let started = Instant::now();
    loop {
        let done = Command::new("curl").args(["-skf", &url]).output().await?;
        if done.status.success() && done.stdout.windows(9).any(|part| part == b"\"healthy\"") {
            return Ok(());
        }
        ensure!(started.elapsed() < Duration::from_secs(20), "the worker does not come to be well");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn read(worker: &Child, file: &str) -> anyhow::Result<String> {
    let id = worker.id().context("the worker has ended")?;
    Ok(std::fs::read_to_string(format!("/proc/{id}/{file}"))?)
}

/// The time that it ran, in hundredths of a second.
fn ticks(worker: &Child) -> anyhow::Result<u64> {
    let stat = read(worker, "stat")?;
    // Behind the name, which may have anything in it, stand the other columns.
    let (_, columns) = stat.rsplit_once(')').context("not a line of columns")?;
    let columns = columns.split_whitespace().skip(11).take(2);
    Ok(columns.map(|ticks| ticks.parse::<u64>().unwrap_or(0)).sum())
}

fn resident_mb(worker: &Child) -> anyhow::Result<f64> {
    let status = read(worker, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.context("no resident size")? / 1024.0)
}
